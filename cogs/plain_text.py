"""People's text made harmless: nothing that they type pings anybody or breaks out of its frame."""

import re
import unicodedata

import discord

NO_MENTIONS = discord.AllowedMentions.none()

_ZERO_WIDTH_SPACE = "\u200b"


def storable(text: str) -> str:
    """Return `text` without what no database takes: zero bytes, and halves of characters that JSON may hold."""
    return text.replace("\0", "").encode(errors="ignore").decode()


def shortened(text: str, length: int) -> str:
    """Return `text`, or its beginning and an ellipsis, so that it has at most `length` characters."""
    return text if len(text) <= length else text[: max(0, length - 1)].rstrip() + "…"


def code_block(text: str, length: int) -> str:
    """Frame `text` as a code block of at most `length` characters. Inside, Discord renders nothing."""
    frame = "```\n{}\n```"
    # A zero-width space between backticks keeps three of them from ending the block.
    harmless = re.sub("`(?=`)", "`" + _ZERO_WIDTH_SPACE, text)
    if harmless.endswith("`"):
        harmless += _ZERO_WIDTH_SPACE
    return frame.format(shortened(harmless, length - len(frame) + 2))


def inline(text: str, length: int = 100) -> str:
    """Quote `text` inside a sentence: markdown escaped, mentions broken, line ends gone, cut to `length`."""
    short = shortened(" ".join(text.split()), length)
    harmless = discord.utils.escape_markdown(short).replace("@", "@" + _ZERO_WIDTH_SPACE)
    if any(unicodedata.bidirectional(char) in ("R", "AL") for char in short):
        # What is read from right to left must not draw the sentence around it along (UAX 9, isolates).
        return f"\u2068{harmless}\u2069"
    return harmless
