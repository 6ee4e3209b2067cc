"""A contest's post in a forum, found again. Posts take no nonce, so whoever made one and died would make a second."""

import discord

from storage.event_posts import MessageKey


async def post_made_before(forum: discord.ForumChannel, contest_id: str) -> MessageKey | None:
    """The post's thread and first message, by their ids, if this bot has made one of the contest; known by its buttons.

    Raises:
        discord.HTTPException, CONNECTION_ERRORS: Discord doesn't tell.
    """
    for thread in await forum.guild.active_threads():
        if thread.parent_id != forum.id:
            continue
        try:
            first = await thread.fetch_message(thread.id)  # a post's first message has the post's id
        except discord.NotFound:
            continue
        if any(contest_id in custom_id.split(":") for custom_id in _custom_ids(first)):
            return thread.id, first.id
    return None


def _custom_ids(message: discord.Message) -> list[str]:
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    return [part.custom_id or "" for row in rows for part in row.children]
