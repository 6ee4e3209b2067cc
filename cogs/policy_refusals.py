"""What the content policy refuses, and who is kept from drawing, as sentences."""

from datetime import datetime

from cogs.language import Language
from cogs.plain_text import inline
from cogs.sentences import relative
from generation.errors import PolicyRefusal, PolicyRule

WORDS_SHOWN = 5


def policy_refusal(say: Language, error: PolicyRefusal) -> str:
    """Say which rule a request met, by which words, and what to do next."""
    words = ", ".join(f"“{inline(tag)}”" for tag in error.tags[:WORDS_SHOWN])
    match error.rule:
        case PolicyRule.MINOR:
            return say(
                "I don't draw this ({words}): anything that suggests a minor is drawn in `safe` pictures at "
                "most, and some of it not at all. No setting changes that.",
                words=words,
            )
        case PolicyRule.RATING_ABOVE_CEILING:
            return say(
                "The rating `{rating}` isn't allowed in this channel; `{ceiling}` is the most I may draw here.",
                rating=error.rating.value,
                ceiling=error.ceiling.value,
            )
        case PolicyRule.BLOCKED_TAG:
            return say(
                "{words} isn't drawn here: this server's moderators, or the bot's operator, have blocked it. Without "
                "it, I'll gladly draw the rest.",
                words=words,
            )
        case PolicyRule.TAG_ABOVE_CEILING:
            return say(
                "{words} would be rated `{rating}`, and `{ceiling}` is the most I may draw in this channel. Without "
                "it, I'll gladly draw the rest.",
                words=words,
                rating=error.rating.value,
                ceiling=error.ceiling.value,
            )


def blocked(say: Language, ends_at: datetime | None) -> str:
    """Say that somebody may not draw, and until when."""
    if ends_at is None:
        return say(
            "You have been blocked from drawing with me here. The server's moderators can tell you why, and lift it."
        )
    return say(
        "You have been blocked from drawing with me; it ends {moment}. The server's moderators can tell you why.",
        moment=relative(ends_at),
    )
