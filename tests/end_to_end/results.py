"""Reading what the bot's messages say of their pictures."""

from typing import Any

from tests.end_to_end.person import Message, Person

EPHEMERAL = 64


def facts(message: Message) -> dict[str, str]:
    """The named facts under a picture."""
    return {field["name"]: field["value"] for field in message["embeds"][0]["fields"]}


def prompt(message: Message) -> str:
    """The prompt that a message shows."""
    return str(message["embeds"][0]["description"])


def seeds(message: Message) -> list[int]:
    """The seeds of a message's files."""
    return [int(file["filename"].rpartition(".")[0].rsplit("-", 1)[1]) for file in message["attachments"]]


def labels(message: Message) -> list[str]:
    """What the buttons of a message say."""
    return [item.get("label", "") for row in message["components"] for item in row["components"]]


async def drawn(
    person: Person, tags: str = "1girl, silver hair, night", channel: str = "drawing", **options: Any
) -> Message:
    """Ask for a picture of few steps, and wait for it."""
    answer = await person.use("imagine", channel, tags=tags, **{"steps": 2, **options})
    return await person.waits_for_picture(answer, channel)


async def answered(person: Person, answer: dict[str, Any]) -> Message:
    """Wait until the private answer to something says or shows something."""
    message_id = answer["message"]["id"]
    return await person.waits_for(
        lambda it: it["id"] == message_id and bool(it["content"] or it["attachments"] or it["embeds"])
    )


async def answers(person: Person) -> list[Message]:
    """All messages but the terms, which come beside a server's first picture."""
    return [it for it in await person.messages() if "Before you draw" not in str(it["embeds"])]
