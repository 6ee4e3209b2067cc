"""A contest in the sandbox, as its people go through it."""

from typing import Any

from tests.end_to_end.person import Message, Person

TITLE = "Autumn Lanterns"


async def holds_contest(mika: Person, found_in: str = "drawing", **options: Any) -> Message:
    """Let the moderator create one; returns its card, which is in the channel `found_in`."""
    options = {"title": TITLE, "theme": "A night lit by paper lanterns", "ends": "1h", **options}
    answer = await mika.use("event create", "drawing", **options)
    message_id = answer["message"]["id"]
    told = await mika.waits_for(lambda it: it["id"] == message_id and bool(it["content"]))
    assert "is announced" in told["content"], told["content"]
    return await mika.waits_for(lambda it: has_button(it, "Draw") and TITLE in str(it["embeds"]), found_in)


async def draws(person: Person, tags: str = "1girl, lantern") -> Message:
    """Draw by the command, in one step, and wait for the picture that only they see."""
    return await sees_picture(person, await person.use("event draw", tags=tags, steps=1))


async def sees_picture(person: Person, answer: dict[str, Any]) -> Message:
    """Wait for the picture itself, after any first look at it."""
    message_id = answer["message"]["id"]
    return await person.waits_for(lambda it: it["id"] == message_id and has_button(it, "Enter"))


async def enters(person: Person, picture: Message) -> str:
    """Press Enter under a picture; returns what the bot says."""
    answer = await person.press(picture, "Enter")
    return str(answer["message"]["content"])


async def reads(person: Person, answer: dict[str, Any], what: str, channel: str = "drawing") -> Message:
    """Wait until the message that answered says so."""
    message_id = answer["message"]["id"]
    return await person.waits_for(lambda it: it["id"] == message_id and what in str(it), channel)


def has_button(message: Message, label: str) -> bool:
    """Whether a message has a button that says so."""
    return any(
        component.get("label") == label for row in message["components"] for component in row["components"]
    )


def options_of(message: Message) -> list[dict[str, Any]]:
    """What a ballot's first menu offers."""
    (menu,) = [menu for row in message["components"] for menu in row["components"] if menu["type"] == 3][:1]
    return list(menu["options"])


async def until_shown(person: Person, what: str, channel: str = TITLE) -> Message:
    """Wait for a message in the contest's thread."""
    return await person.waits_for(lambda it: what in str(it), channel)


async def ends_now(mika: Person, what: str) -> Message:
    """End the contest's phase, and wait for what the bot says of it."""
    await mika.use("contest end", "drawing")
    return await until_shown(mika, what)
