"""The message that a deferred interaction left behind, as long as its token lives; also after a restart."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import discord

from cogs.discord_limits import TOKEN_LIFETIME
from cogs.error_answers import ALREADY_ANSWERED, CONNECTION_ERRORS
from cogs.job_message import JobMessage
from generation.job_store import ReplyAddress

SAFETY_MARGIN = timedelta(seconds=15)
"""An edit that starts this shortly before the token's end may arrive after it."""

_TOKEN_IS_DEAD = {10015, 10062, 50027}  # Unknown Webhook, Unknown Interaction, Invalid Webhook Token
_MESSAGE_IS_GONE = 10008  # Unknown Message


class DeferredMessage:
    """Edits the message at `address`; edits are idempotent, so a retry does no harm."""

    def __init__(
        self, client: discord.Client, address: ReplyAddress | None, clock: Callable[[], datetime]
    ) -> None:
        self._address = address
        self._clock = clock
        self._webhook: discord.Webhook | None = None
        if address is not None and address.token and client.application_id is not None:
            self._webhook = discord.Webhook.partial(client.application_id, address.token, client=client)

    @property
    def is_editable(self) -> bool:
        """Whether the token should still be alive."""
        return (
            self._webhook is not None
            and self._address is not None
            and self._clock() < self._address.token_ends_at - SAFETY_MARGIN
        )

    @property
    def editable_s(self) -> float:
        """For how many more seconds."""
        if self._webhook is None or self._address is None:
            return 0.0
        return (self._address.token_ends_at - SAFETY_MARGIN - self._clock()).total_seconds()

    async def edit(self, message: JobMessage) -> None:
        """Make the message show `message` and nothing else.

        Raises:
            discord.HTTPException, CONNECTION_ERRORS: it didn't work this time, or see `is_beyond_edits`.
        """
        if self._webhook is None or self._address is None:
            raise AssertionError("only an editable message is edited")
        await self._webhook.edit_message(self._address.message_id, **message.as_edit())


async def defer(
    interaction: discord.Interaction[Any], clock: Callable[[], datetime], *, is_private: bool = False
) -> ReplyAddress:
    """Answer a command by a message that waits for its result, and say how it is reached.

    Where `is_private`, only the asker sees it.

    Raises:
        discord.HTTPException, CONNECTION_ERRORS: Discord didn't take the answer.
    """
    token_ends_at = clock() + TOKEN_LIFETIME
    message_id = await _answered(interaction, is_private=is_private)
    return ReplyAddress(
        token=interaction.token,
        token_ends_at=token_ends_at,
        message_id=message_id or (await interaction.original_response()).id,
        file_limit_bytes=interaction.filesize_limit,
        is_private=is_private,
    )


async def _answered(interaction: discord.Interaction[Any], *, is_private: bool) -> int | None:
    """Defer, once more after a lost answer; returns the message's id where Discord told it."""
    for attempts_left in (1, 0):
        try:
            response = await interaction.response.defer(thinking=True, ephemeral=is_private)
        except discord.HTTPException as error:
            # An attempt of ours that seemed to fail was done all the same.
            if error.code == ALREADY_ANSWERED:
                return None
            raise
        except CONNECTION_ERRORS:
            if not attempts_left:
                raise
        else:
            return None if response is None else response.message_id
    raise AssertionError("the last attempt returns or raises")


def is_beyond_edits(error: Exception) -> bool:
    """Whether `error` says that no edit will ever work again: the token is dead or the message is gone."""
    return isinstance(error, discord.HTTPException) and (
        error.code in _TOKEN_IS_DEAD or error.code == _MESSAGE_IS_GONE or error.status == 401
    )
