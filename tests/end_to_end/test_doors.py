"""No door stands open: every privileged command and component is hidden by Discord and refused by the bot itself."""

import asyncio
import importlib
import pkgutil
from pathlib import Path
from typing import Any

import discord

import cogs
from sandbox import SandboxServer
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.doors import (
    COMPONENTS,
    MEMBERS,
    MODERATORS,
    MODERATORS_PART,
    OPERATORS,
    PICTURES,
    UNSORTED,
)
from tests.end_to_end.forger import COMMAND, Forger, Forgery, press
from tests.end_to_end.person import Message, Person
from tests.end_to_end.results import EPHEMERAL, drawn

MENUS = ("setting:", "tags:", "pictures:", "tag-groups:")
REFUSALS = (
    "Only those who manage this server can do that",
    "Only the person who asked for it",
    "This command is for those who run the bot",
    "That works in a server only",
    "I don't know this picture any more",
    "This button belongs to the person who asked",
)


def is_refusal(answer: dict[str, Any] | None) -> bool:
    message = (answer or {}).get("message") or {}
    return bool(message.get("flags", 0) & EPHEMERAL) and str(message.get("content")).startswith(REFUSALS)


def ends_of(command: dict[str, Any]) -> list[str]:
    """A command's full name, or those of its subcommands."""
    groups = [option for option in command.get("options", []) if option["type"] in (1, 2)]
    ends = [end for group in groups for end in ends_of(group)]
    return [f"{command['name']} {end}" for end in ends] or [command["name"]]


def called(server: SandboxServer, name: str, options: dict[str, Any], person: Person) -> Forgery:
    """A command with options, as Discord's program would send it."""
    first, _, end = name.partition(" ")
    command = next(it for it in server.world.commands.values() if it["name"] == first)
    kinds = {str: 3, bool: 5}
    sent: list[dict[str, Any]] = [
        {"name": option, "type": kinds[type(value)], "value": value}
        if value != "somebody"
        else {"name": option, "type": 6, "value": person.id}
        for option, value in options.items()
    ]
    users = {person.id: {"id": person.id, "username": "a", "discriminator": "0", "avatar": None}}
    data = {"id": command["id"], "name": first, "type": 1, "resolved": {"users": users}}
    return Forgery(COMMAND, {**data, "options": [{"name": end, "type": 1, "options": sent}] if end else sent})


def pressed(custom_id: str, message: Message) -> Forgery:
    return press(custom_id, message, values=["0"] if custom_id.startswith(MENUS) else None)


def test_every_component_is_sorted_and_lives_longer_than_the_process() -> None:
    for module in pkgutil.iter_modules(cogs.__path__, "cogs."):
        importlib.import_module(module.name)
    ours = {
        item.__name__
        for item in discord.ui.DynamicItem.__subclasses__()
        if item.__module__.startswith("cogs.")
    }
    assert ours == COMPONENTS.keys(), UNSORTED.format(names=ours ^ COMPONENTS.keys())
    views = [
        view.__name__ for view in discord.ui.View.__subclasses__() if view.__module__.startswith("cogs.")
    ]
    assert views == [], f"{views}: a view's own buttons die with the process; make them `DynamicItem`s"


async def test_every_command_is_sorted_and_hidden_from_whom_it_is_not_for(
    server: SandboxServer, bot: BotProcess
) -> None:
    registered = {end: command for command in server.world.commands.values() for end in ends_of(command)}
    privileged = {**MODERATORS, **OPERATORS}
    unsorted = registered.keys() ^ (MEMBERS | privileged.keys())
    assert not unsorted, UNSORTED.format(names=", ".join(sorted(unsorted)))
    for name, command in registered.items():
        hidden = int(command.get("default_member_permissions") or 0) > 0
        assert hidden is (name in privileged), name


async def test_what_is_privileged_is_refused_to_members_moderators_and_in_direct_messages(
    server: SandboxServer, bot: BotProcess, aoi: Person, ren: Person
) -> None:
    forger = Forger(server, "Aoi")
    for name, options in (MODERATORS | OPERATORS | MODERATORS_PART).items():
        for channel in ("drawing", "direct"):
            answer = await forger.sends(called(server, name, options, ren), channel)
            assert is_refusal(answer), (name, channel, answer)
    server.world.person(aoi.id).is_moderator = True
    for name, options in OPERATORS.items():
        assert is_refusal(await forger.sends(called(server, name, options, ren))), name
    for name, options in MODERATORS.items():
        assert is_refusal(await forger.sends(called(server, name, options, ren), "direct")), name
    assert "Aoi" not in bot.log
    assert bot.log.count("is refused: OperatorsOnly") >= 3 * len(OPERATORS)


async def test_strangers_are_refused_at_every_button_and_menu(
    server: SandboxServer, bot: BotProcess, aoi: Person, ren: Person, mika: Person
) -> None:
    await bot.model_is_ready()
    picture, private = await drawn(aoi), await drawn(aoi, private=True)
    job, hidden = job_of(picture), job_of(private)
    report = await reported(server, ren, mika, picture)
    waiting = (await aoi.use("imagine", tags="1girl", count=4, steps=50))["message"]["id"]
    shown = await aoi.waits_for(lambda it: it["id"] == waiting and bool(it["components"]))
    running = shown["components"][0]["components"][0]["custom_id"].split(":")[1]
    ids = {"job": job, "running": running, "report": report, "person": aoi.id}
    forger = Forger(server, "Ren")
    for custom_id in (each.format(**ids) for refused in COMPONENTS.values() for each in refused):
        for channel in ("drawing", "direct"):
            assert is_refusal(await forger.sends(pressed(custom_id, picture), channel)), (custom_id, channel)
    for custom_id in (each.format(job=hidden) for each in PICTURES):
        assert is_refusal(await forger.sends(pressed(custom_id, picture))), custom_id
    assert any(it["id"] == picture["id"] and it["attachments"] for it in await ren.messages())
    assert (await ren.messages())[0]["id"] == picture["id"]


async def test_replayed_presses_do_no_harm_after_deletion_and_after_a_restart(
    server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path, aoi: Person
) -> None:
    settings = {"ANIM4GINE_MODEL__SOURCE": str(tiny_checkpoint), "ANIM4GINE_DRAWING__MAX_BATCH_SLOTS": "1"}
    forger = Forger(server, "Aoi")
    async with BotProcess(server, tmp_path, settings) as bot:
        await bot.model_is_ready()
        picture = await drawn(aoi)
        job = job_of(picture)
        sure = (await aoi.press(picture, "Delete"))["message"]
        await asyncio.gather(aoi.press(sure, "Delete for good"), aoi.press(sure, "Delete for good"))
        await aoi.waits_for(lambda it: it["id"] == sure["id"] and not it["components"])
        replayed = [each.format(job=job) for each in PICTURES]
        for custom_id in replayed:
            assert is_refusal(await forger.sends(pressed(custom_id, picture))), custom_id
        asked = (await aoi.use("privacy delete"))["message"]
    async with BotProcess(server, tmp_path, settings) as bot:
        for custom_id in replayed:
            assert is_refusal(await forger.sends(pressed(custom_id, picture))), custom_id
        for _ in range(2):
            await aoi.press(asked, "Remove everything")
        await aoi.waits_for(lambda it: it["id"] == asked["id"] and not it["components"])
        assert "Traceback" not in bot.log, bot.log


async def test_a_button_that_no_message_has_is_refused_and_logged(
    server: SandboxServer, bot: BotProcess, aoi: Person
) -> None:
    forger = Forger(server, "Aoi")
    message = (await aoi.use("tags guide"))["message"]
    for forgery in (
        press("album:history:1", message, is_there=False),
        press("a-button-of-last-year", message),
    ):
        answer = await forger.sends(forgery)
        assert answer is not None
        assert "doesn't work any more" in answer["message"]["content"]
    assert bot.log.count("presses what isn't there") == 2


def job_of(message: Message) -> str:
    """The id of the job whose picture a message shows."""
    return str(message["components"][0]["components"][0]["custom_id"].split(":")[2])


async def reported(server: SandboxServer, person: Person, moderator: Person, picture: Message) -> str:
    """Report a picture to the moderators' channel; returns the report's id."""
    desk = "night-gallery"
    panel = (await moderator.use("settings"))["message"]
    await moderator.choose_channel(panel, "setting:log", desk)
    await person.submit((await person.press(picture, "Report"))["modal"], reason="rude")
    report = await moderator.waits_for(lambda it: "reported a picture" in it["content"], desk)
    return str(report["components"][0]["components"][0]["custom_id"].split(":")[2])
