"""The message that a deferred interaction left behind, as long as its token lives."""

from collections.abc import Callable
from datetime import datetime, timedelta

import discord

from cogs.discord_limits import TOKEN_LIFETIME
from cogs.job_message import JobMessage
from cogs.plain_text import NO_MENTIONS

SAFETY_MARGIN = timedelta(seconds=15)
"""An edit that starts this shortly before the token's end may arrive after it."""

_TOKEN_IS_DEAD = {10015, 10062, 50027}  # Unknown Webhook, Unknown Interaction, Invalid Webhook Token
_MESSAGE_IS_GONE = 10008  # Unknown Message


class DeferredMessage:
    """Edits the original response of `interaction`; edits are idempotent, so a retry does no harm."""

    def __init__(self, interaction: discord.Interaction, clock: Callable[[], datetime]) -> None:
        self._interaction = interaction
        self._clock = clock
        self._token_ends_at = clock() + TOKEN_LIFETIME - SAFETY_MARGIN

    @property
    def is_editable(self) -> bool:
        """Whether the token should still be alive."""
        return self._clock() < self._token_ends_at

    @property
    def file_limit_bytes(self) -> int:
        """The largest file that Discord says it takes here."""
        return self._interaction.filesize_limit

    async def edit(self, message: JobMessage) -> None:
        """Make the message show `message` and nothing else.

        Raises:
            discord.HTTPException, CONNECTION_ERRORS: it didn't work this time, or see `is_beyond_edits`.
        """
        await self._interaction.edit_original_response(
            content=message.content or None,
            embed=message.embed,
            attachments=message.files(),
            view=message.view(),
            allowed_mentions=NO_MENTIONS,
        )


def is_beyond_edits(error: Exception) -> bool:
    """Whether `error` says that no edit will ever work again: the token is dead or the message is gone."""
    return isinstance(error, discord.HTTPException) and (
        error.code in _TOKEN_IS_DEAD or error.code == _MESSAGE_IS_GONE or error.status == 401
    )
