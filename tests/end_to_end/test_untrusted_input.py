"""Whatever is sent past Discord's own checks is refused or passed over: nothing breaks, leaks or pings.

One bot gets some hundred interactions, made of the corpus in `tests/hostile.py` and of chance, the same at every run.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from sandbox import SandboxServer
from tests import hostile
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.forged_presses import presses
from tests.end_to_end.forger import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL_SUBMIT, Forger, Forgery
from tests.end_to_end.person import Person
from tests.end_to_end.results import drawn

AT_ONCE = 80
ROUNDS = 8
"""So many times every command is sent."""

SECRET = "lighthouse"
"""A tag of the picture that nobody but Ren may see."""

Json = dict[str, Any]


def examples_of(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """The same examples at every run."""
    found: list[Any] = []

    @settings(max_examples=count, derandomize=True, database=None, deadline=None, phases=[Phase.generate])
    @given(strategy)
    def collect(example: Any) -> None:
        found.append(example)

    collect()
    return found


def leaves(command: Json) -> Iterator[tuple[list[Json], list[Json]]]:
    """The groups that lead to each of a command's ends, and the options that it takes there."""
    groups = [option for option in command.get("options", []) if option["type"] in (1, 2)]
    if not groups:
        yield [], command.get("options", [])
    for group in groups:
        yield from (([group, *path], options) for path, options in leaves(group))


def sent_within(path: list[Json], options: list[Json]) -> list[Json]:
    """Options as they are sent with the groups that they stand in."""
    for group in reversed(path):
        options = [{"name": group["name"], "type": group["type"], "options": options}]
    return options


def fitting(option: Json) -> st.SearchStrategy[Any]:
    """Values of an option's type, hostile ones where it is text."""
    match option["type"]:
        case 3 if option.get("choices"):
            return st.sampled_from([choice["value"] for choice in option["choices"]])
        case 3:
            return hostile.texts() | st.sampled_from(hostile.LONG_TEXTS)
        case 4:
            return st.integers(option.get("min_value", -5), option.get("max_value", 5)) | st.integers()
        case 5:
            return st.booleans()
        case 10:
            return st.floats()
        case _:
            return st.just("1") | hostile.texts()


def option_lists(options: list[Json]) -> st.SearchStrategy[list[Json]]:
    """Mostly options of the right names and kinds; doubled, missing and unknown ones too."""
    any_option = st.fixed_dictionaries(
        {"name": hostile.texts(), "type": st.integers(-1, 12), "value": hostile.values()}
    )
    if not options:
        return st.lists(any_option, max_size=1)
    named = st.sampled_from(options).flatmap(
        lambda option: st.fixed_dictionaries(
            {
                "name": st.just(option["name"]),
                "type": st.just(option["type"]),
                "value": fitting(option) | fitting(option) | hostile.values(),
            }
        )
    )
    needed = [
        st.fixed_dictionaries(
            {"name": st.just(it["name"]), "type": st.just(it["type"]), "value": fitting(it)}
        )
        for it in options
        if it.get("required")
    ]
    rest = st.lists(named | named | any_option, max_size=3)
    return rest | st.tuples(st.tuples(*needed), rest).map(lambda both: [*both[0], *both[1]])


def commands(server: SandboxServer, person_id: str) -> Iterator[Forgery]:
    """Every command with every sort of options, called and while it is typed; menus of what isn't there."""
    for command in server.world.commands.values():
        base = {"id": command["id"], "name": command["name"], "type": command["type"]}
        if command["type"] != 1:
            users = {person_id: {"id": person_id, "username": "a", "discriminator": "0", "avatar": None}}
            yield from (
                Forgery(COMMAND, {**base, "target_id": target}) for target in ("0", person_id, None, "x")
            )
            yield Forgery(COMMAND, {**base, "target_id": person_id, "resolved": {"users": users}})
            continue
        for path, options in leaves(command):
            for number, given_options in enumerate(examples_of(option_lists(options), ROUNDS)):
                yield Forgery(COMMAND, {**base, "options": sent_within(path, given_options)})
                if number % 3 == 0 and given_options:
                    typed = [{**given_options[0], "focused": True}, *given_options[1:]]
                    yield Forgery(AUTOCOMPLETE, {**base, "options": sent_within(path, typed)})


MALFORMED_COMMANDS: tuple[Json, ...] = (
    {"options": None}, {"options": "x"}, {"options": [None]}, {"options": [{}]}, {"options": [[]]},
    {"options": [{"name": "tags"}]}, {"options": [{"name": "tags", "type": 3}]}, {"options": {"name": "tags"}},
    {"options": [{"name": "a", "type": 1, "options": [{"name": "a", "type": 1, "options": []}]}]},
    {"name": "nonsense"}, {"name": None}, {"type": 9}, {"type": "1"}, {"resolved": []}, {"resolved": {"users": 5}},
    {"options": [{"name": "tags", "type": 3, "value": "1girl"}] * 30}, {"guild_id": "0"}, {"guild_id": "x"},
)  # fmt: skip

MALFORMED_REST: tuple[Json, ...] = (
    {}, {"custom_id": None}, {"custom_id": 5}, {"custom_id": "x"}, {"components": 5},
    {"custom_id": "remix", "components": 5},
    {"custom_id": "remix", "components": [5, None, {}, {"component": 5}]},
    {"custom_id": "remix", "components": [{"component": {"custom_id": [], "values": {}}}]},
    {"custom_id": "x", "component_type": "2"}, {"custom_id": "x", "component_type": 99},
    {"custom_id": "x" * 5000, "component_type": 2, "components": []},
)  # fmt: skip


def malformed(server: SandboxServer) -> Iterator[Forgery]:
    """What isn't even of the form of an interaction."""
    imagine = next(it for it in server.world.commands.values() if it["name"] == "imagine")
    base = {"id": imagine["id"], "name": "imagine", "type": 1}
    for kind in (COMMAND, AUTOCOMPLETE):
        yield from (Forgery(kind, {**base, **change}) for change in MALFORMED_COMMANDS)
    for kind in (COMPONENT, MODAL_SUBMIT):
        yield from (Forgery(kind, data) for data in MALFORMED_REST)
    yield Forgery(99, {})


def forms(private: str, own: str) -> Iterator[Forgery]:
    """Forms that were never opened, with anything in their fields."""
    names = st.sampled_from(["tags", "negative", "numbers", "aspect", "rating", "strength", "reason"])
    field = st.fixed_dictionaries(
        {"custom_id": names | names | hostile.texts(), "type": st.integers(1, 20)},
        optional={
            "value": hostile.texts() | st.sampled_from(hostile.LONG_TEXTS),
            "values": st.lists(hostile.texts(), max_size=2) | hostile.values(),
        },
    )
    rows = st.lists(st.fixed_dictionaries({"type": st.just(18), "component": field}), max_size=5)
    ids = [f"edit:{job}:{number}" for job, number in ((private, 0), (own, 0), (own, 9), ("0" * 16, 0))]
    ids += [*(f"report-form:{job}:0" for job in (private, own, "0" * 16)), "remix", "nonsense", ""]
    for number, given_rows in enumerate(examples_of(rows, 80)):
        yield Forgery(MODAL_SUBMIT, {"custom_id": ids[number % len(ids)], "components": given_rows})


def job_of(message: Json) -> str:
    """The id of the job whose picture a message shows."""
    return str(message["components"][0]["components"][0]["custom_id"].split(":")[2])


@pytest.fixture
async def bot(server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path) -> AsyncIterator[BotProcess]:
    """A bot that draws one at a time, so that most of what is drawn at all is refused by its limits."""
    settings = {
        "ANIM4GINE_MODEL__SOURCE": str(tiny_checkpoint),
        "ANIM4GINE_DRAWING__MAX_BATCH_SLOTS": "1",
        "ANIM4GINE_LIMITS__WAITING_PER_PERSON": "1",
    }
    async with BotProcess(server, tmp_path, settings) as process:
        yield process


async def test_nothing_that_is_forged_breaks_leaks_or_pings(
    server: SandboxServer, bot: BotProcess, aoi: Person, ren: Person, mika: Person
) -> None:
    await bot.model_is_ready()
    secret, mine = await drawn(ren, f"1girl, {SECRET}", private=True), await drawn(aoi)
    forger, private, own = Forger(server, "Aoi"), job_of(secret), job_of(mine)
    sent = [
        *malformed(server),
        *commands(server, aoi.id),
        *presses(dict(forger.channel("drawing").messages[mine["id"]]), private, own),
        *forms(private, own),
    ]
    assert len(sent) > 800
    for start in range(0, len(sent), AT_ONCE):
        await asyncio.gather(*(forger.sends(forgery) for forgery in sent[start : start + AT_ONCE]))
    assert bot.returncode is None, bot.log
    assert (await drawn(ren, tags="1girl, after"))["attachments"]
    assert "Traceback" not in bot.log, bot.log
    assert not re.search(r"Interaction \d+ failed", bot.log), bot.log
    for message in [it for place in server.world.channels.values() for it in place.messages.values()]:
        assert not message["mention_everyone"]
        assert message["mentions"] == []
        assert message["id"] == secret["id"] or SECRET not in str(message)
    audit = (await mika.use("audit"))["message"]["content"].splitlines()
    assert len(audit) == 1
    assert f"> reported `{own}`" in audit[0]
    assert "safe in ordinary channels" in (await mika.use("settings"))["message"]["content"]
    assert (await ren.waits_for(lambda it: it["id"] == secret["id"]))["attachments"]
