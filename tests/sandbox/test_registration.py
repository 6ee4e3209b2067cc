"""Registering commands: kept ids, and the shapes that Discord refuses."""

from typing import Any

import discord
import pytest
from discord import app_commands

from sandbox import SandboxServer
from tests.sandbox.client import Bot
from tests.sandbox.doors import Json, Person, Rest


def command(**changes: Any) -> Json:
    return {"name": "draw", "type": 1, "description": "Draw a picture", **changes}


def option(name: str = "tags", **changes: Any) -> Json:
    return {"name": name, "type": 3, "description": "Tags", **changes}


def path(server: SandboxServer, below: str = "") -> str:
    return f"/applications/{server.world.application_id}/commands{below}"


def guild_path(server: SandboxServer) -> str:
    return f"/applications/{server.world.application_id}/guilds/{server.world.guild_id}/commands"


async def test_a_tree_is_synced_and_people_see_it(bot: Bot, aoi: Person) -> None:
    @bot.tree.command(description="Draw")
    @app_commands.describe(tags="Tags", steps="Steps")
    async def draw(
        _interaction: discord.Interaction, tags: str, steps: app_commands.Range[int, 1, 50] = 28
    ) -> None: ...

    synced = await bot.tree.sync()
    seen = (await aoi.world())["commands"]
    assert [it.id for it in synced] == [int(seen[0]["id"])]
    assert [it["name"] for it in seen[0]["options"]] == ["tags", "steps"]
    assert [it.name for it in await bot.tree.fetch_commands()] == ["draw"]


async def test_a_second_sync_keeps_ids_and_removes_what_is_gone(rest: Rest, server: SandboxServer) -> None:
    first = await rest.ask("PUT", path(server), [command(), command(name="old")])
    second = await rest.ask("PUT", path(server), [command(description="Other"), command(name="new")])
    assert second.body[0]["id"] == first.body[0]["id"]
    assert [it["name"] for it in (await rest.ask("GET", path(server))).body] == ["draw", "new"]


async def test_commands_of_a_guild_stand_beside_the_global_ones(rest: Rest, server: SandboxServer) -> None:
    await rest.ask("PUT", path(server), [command()])
    await rest.ask("PUT", guild_path(server), [command()])
    await rest.ask("PUT", guild_path(server), [])
    assert len((await rest.ask("GET", path(server))).body) == 1


async def test_a_renamed_command_keeps_its_id(rest: Rest, server: SandboxServer) -> None:
    made = (await rest.ask("POST", path(server), command())).body
    changed = (await rest.ask("PATCH", path(server, f"/{made['id']}"), {"name": "paint"})).body
    assert (changed["id"], changed["name"]) == (made["id"], "paint")
    assert len(server.world.commands) == 1
    assert (await rest.ask("DELETE", path(server, f"/{made['id']}"))).status == 204
    assert (await rest.ask("GET", path(server, f"/{made['id']}"))).code == 10063


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        (command(name="Draw"), "name"),
        (command(name="two words"), "name"),
        (command(name="draw\n"), "name"),
        (command(name="x" * 33), "name"),
        (command(description=""), "description"),
        (command(description="x" * 101), "description"),
        (command(options=[option(f"o{i}") for i in range(26)]), "options"),
        (
            command(options=[option(choices=[{"name": str(i), "value": str(i)} for i in range(26)])]),
            "options",
        ),
        (command(options=[option(), option("size", required=True)]), "options"),
        (command(options=[option(), option()]), "options"),
        (command(options=[option("Tags")]), "options"),
        (command(name_localizations={"de": "Zeichnen"}), "name_localizations"),
        (command(options=[{"type": 3}]), "body"),
        (command(options=[7]), "body"),
        (command(options="many"), "body"),
        (command(name=7), "body"),
        (command(name="x" * 33, type=2), "name"),
    ],
)
async def test_a_command_that_discord_refuses_is_refused(
    rest: Rest, server: SandboxServer, wrong: Json, where: str
) -> None:
    answer = await rest.ask("POST", path(server), wrong)
    assert (answer.status, answer.code) == (400, 50035)
    assert where in answer.body["errors"]
    together = await rest.ask("PUT", path(server), [command(name="fine"), wrong])
    assert (together.status, list(together.body["errors"])) == (400, ["1"])
    assert server.world.commands == {}


async def test_a_command_has_8000_characters_in_its_longest_languages(
    rest: Rest, server: SandboxServer
) -> None:
    def long(extra: int) -> Json:
        choices = [{"name": f"{i:06}", "value": f"{i:06}"} for i in range(25)]
        options = [option(f"o{i:02}", description="d" * 16, choices=choices) for i in range(25)]
        return command(description="x", options=options, description_localizations={"de": "y" * extra})

    # 25 * (3 + 16 + 25 * 12) = 7975 characters in the options and 4 in the name leave 21.
    assert (await rest.ask("POST", path(server), long(21))).status == 200
    answer = await rest.ask("POST", path(server), long(22))
    assert (answer.status, answer.code) == (400, 50035)


async def test_a_scope_takes_100_slash_commands_and_no_name_twice(rest: Rest, server: SandboxServer) -> None:
    full = [command(name=f"draw{i}") for i in range(100)]
    assert (await rest.ask("PUT", path(server), full)).status == 200
    too_many = await rest.ask("PUT", path(server), [*full, command(name="one-more")])
    assert (too_many.status, too_many.code) == (400, 30032)
    assert (await rest.ask("POST", path(server), command(name="one-more"))).code == 30032
    assert (await rest.ask("POST", guild_path(server), command())).status == 200
    twice = await rest.ask("PUT", path(server), [command(), command()])
    assert (twice.status, twice.code) == (400, 50035)
    assert len(server.world.commands) == 101


async def test_a_list_that_is_no_list_removes_nothing(rest: Rest, server: SandboxServer) -> None:
    await rest.ask("PUT", path(server), [command()])
    assert (await rest.ask("PUT", path(server), {})).code == 50035
    assert (await rest.ask("PUT", path(server))).code == 50035
    assert len(server.world.commands) == 1
