"""The messages that events have posted, by what they are of the event: each is posted once."""

from collections.abc import Awaitable, Callable

from sqlalchemy import delete, select

from storage.database import Database
from storage.event_tables import EventPostRow
from storage.upserts import upsert

MessageKey = tuple[int, int]
"""A message, by its channel's id and its own."""


class EventPosts:
    """Queries over `event_posts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, event_id: str, step: str) -> MessageKey | None:
        """Where this message of the event is, if it was posted."""
        query = select(EventPostRow.channel_id, EventPostRow.message_id).where(
            EventPostRow.event_id == event_id, EventPostRow.step == step
        )
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else (row.channel_id, row.message_id)

    async def once(
        self, event_id: str, step: str, send: Callable[[str], Awaitable[MessageKey]]
    ) -> MessageKey:
        """Post a message unless it was; `send` is given the nonce to send it under.

        A process that dies between Discord's answer and the note of it sends again under the same nonce, to which
        Discord answers with the first message.
        """
        if known := await self.find(event_id, step):
            return known
        channel_id, message_id = await send(f"{event_id}:{step}")
        async with self._database.writing() as connection:
            keys = {"event_id": event_id, "step": step}
            await upsert(connection, EventPostRow, keys, {"channel_id": channel_id, "message_id": message_id})
        return channel_id, message_id

    async def forget(self, event_id: str, step: str) -> None:
        """The message is gone, and may be posted again."""
        async with self._database.writing() as connection:
            await connection.execute(
                delete(EventPostRow).where(EventPostRow.event_id == event_id, EventPostRow.step == step)
            )
