"""Taking a job's pictures out of the message that shows them."""

import discord

from cogs.error_answers import CONNECTION_ERRORS
from generation.job import Job


async def remove_from_message(client: discord.Client, job: Job, message: tuple[int, int] | None) -> bool:
    """Delete the message, or only this job's pictures where others are in it too; False where that can't be done.

    `message` is the channel's and the message's id.
    """
    if message is None:
        return False
    channel_id, message_id = message
    channel = client.get_partial_messageable(channel_id)
    try:
        shown = await channel.fetch_message(message_id)
        others = [file for file in shown.attachments if not _is_of(job, file.filename)]
        if not others:
            await shown.delete()
            return True
        embeds = [embed for embed in shown.embeds if not _tells_of(job, embed)]
        await shown.edit(attachments=others, embeds=embeds)
    except discord.NotFound:
        return True
    except (discord.HTTPException, *CONNECTION_ERRORS):
        return False
    return True


def _is_of(job: Job, filename: str) -> bool:
    stem = filename.rpartition(".")[0]
    return any(stem.endswith(f"-{image.seed}") for image in job.images)


def _tells_of(job: Job, embed: discord.Embed) -> bool:
    return any(f"`{job.images[0].seed}`" in (field.value or "") for field in embed.fields)
