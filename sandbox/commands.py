"""Application commands: their shape as Discord checks it, and what people may type into their options."""

import math
import re
from collections.abc import Iterator

from sandbox import limits
from sandbox.checks import malformed_is_refused
from sandbox.errors import ApiError, invalid_form, too_long
from sandbox.world import Json, World

SUBCOMMAND, SUBCOMMAND_GROUP, STRING, INTEGER, BOOLEAN, USER = 1, 2, 3, 4, 5, 6
CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = 7, 8, 9, 10, 11
"""Option types (application commands)."""

SLASH = 1

WHOLE_NUMBERS = 2**53
"""Numbers that people may type reach from minus this to this (application commands)."""

_NAME = re.compile(r"^[-_'\w\u0900-\u097f\u0e00-\u0e7f]{1,32}$")


class InvalidOption(Exception):
    """A person typed something that Discord wouldn't send. `option` names where, the message says what."""

    def __init__(self, option: str, sentence: str) -> None:
        super().__init__(sentence)
        self.option = option


@malformed_is_refused("body")
def check_command(command: Json) -> None:
    """Check a command that a bot registers.

    Raises:
        ApiError: 50035 with what is wrong.
    """
    name = command.get("name") or ""
    if (command.get("type") or SLASH) != SLASH:
        if not 1 <= len(name) <= limits.COMMAND_NAME_LENGTH:
            raise too_long("name", limits.COMMAND_NAME_LENGTH)
        return
    _check_name_and_description(command, "")
    _check_options(command.get("options") or [], "options")
    if _length(command) > limits.COMMAND_TOTAL_LENGTH:
        raise too_long("options", limits.COMMAND_TOTAL_LENGTH)


def register(world: World, command: Json, guild_id: str | None = None, known: Json | None = None) -> Json:
    """Store a command, in place of `known` or of one with the same name and type, which keeps its id.

    Raises:
        ApiError: its shape is wrong, or there are too many.
    """
    check_command(command)
    kind = command.get("type") or SLASH
    if known is None:
        known = next(
            (it for it in world.commands.values() if _key(it) == (command["name"], kind, guild_id)), None
        )
    others = [it for it in world.commands.values() if it is not known and it.get("guild_id") == guild_id]
    _check_names([*others, {**command, "type": kind}])
    stored = {
        "name_localizations": None,
        "description_localizations": None,
        "default_member_permissions": None,
        "nsfw": False,
        "options": [],
        "integration_types": [0],
        "contexts": None,
        "dm_permission": True,
        "description": "",
        **command,
        "type": kind,
        "id": known["id"] if known else world.snowflakes.next(),
        "application_id": world.application_id,
        "version": world.snowflakes.next(),
    }
    if guild_id is not None:
        stored["guild_id"] = guild_id
    world.commands[stored["id"]] = stored
    return stored


def replace_all(world: World, commands: list[Json], guild_id: str | None = None) -> list[Json]:
    """Make `commands` the whole list of this scope.

    Raises:
        ApiError: one has a wrong shape; then nothing changes.
    """
    for index, command in enumerate(commands):
        try:
            check_command(command)
        except ApiError as error:
            raise ApiError(error.status, error.code, error.message, {str(index): error.errors}) from None
    _check_names(commands)
    names = {(command["name"], command.get("type") or SLASH, guild_id) for command in commands}
    for known in [it for it in world.commands.values() if it.get("guild_id") == guild_id]:
        if _key(known) not in names:
            del world.commands[known["id"]]
    return [register(world, command, guild_id) for command in commands]


def check_options(command: Json, options: list[Json], *, is_autocomplete: bool) -> None:
    """Check what a person typed, as Discord's client and server do.

    Raises:
        InvalidOption: names the option and what it takes.
    """
    known = {option["name"]: option for option in command.get("options") or []}
    if not options and any(option["type"] in (SUBCOMMAND, SUBCOMMAND_GROUP) for option in known.values()):
        raise InvalidOption(command["name"], "Choose one of its commands.")
    for given in options:
        option = known.get(given["name"])
        if option is None:
            raise InvalidOption(given["name"], "There is no such option.")
        if option["type"] in (SUBCOMMAND, SUBCOMMAND_GROUP):
            check_options(option, given.get("options") or [], is_autocomplete=is_autocomplete)
        elif not given.get("focused"):
            _check_value(option, given["value"])
    if is_autocomplete:
        return
    given_names = {given["name"] for given in options}
    for option in known.values():
        if option.get("required") and option["name"] not in given_names:
            raise InvalidOption(option["name"], "This option is required.")


def leaves(options: list[Json]) -> Iterator[Json]:
    """The options with values, below any subcommand."""
    for option in options:
        if "value" in option:
            yield option
        yield from leaves(option.get("options") or [])


def _check_names(commands: list[Json]) -> None:
    """Check the commands of one scope together: how many, and that no two are called the same."""
    for kind, most in (
        (SLASH, limits.GLOBAL_SLASH_COMMANDS),
        (2, limits.MENU_COMMANDS),
        (3, limits.MENU_COMMANDS),
    ):
        names = [command["name"] for command in commands if (command.get("type") or SLASH) == kind]
        if len(names) > most:
            raise ApiError(400, 30032, f"Maximum number of application commands reached ({most}).")
        if len(set(names)) < len(names):
            raise invalid_form(
                "name", "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique"
            )


def _key(command: Json) -> tuple[str, int, str | None]:
    return command["name"], command["type"], command.get("guild_id")


def _check_name_and_description(entry: Json, path: str) -> None:
    name = entry.get("name") or ""
    if not _NAME.fullmatch(name) or name != name.lower():
        raise invalid_form(f"{path}name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    if not 1 <= len(entry.get("description") or "") <= limits.DESCRIPTION_LENGTH:
        raise too_long(f"{path}description", limits.DESCRIPTION_LENGTH)
    for local_name in (entry.get("name_localizations") or {}).values():
        if not _NAME.fullmatch(local_name) or local_name != local_name.lower():
            raise invalid_form(f"{path}name_localizations", "APPLICATION_COMMAND_INVALID_NAME", "Invalid")
    for local_description in (entry.get("description_localizations") or {}).values():
        if not 1 <= len(local_description) <= limits.DESCRIPTION_LENGTH:
            raise too_long(f"{path}description_localizations", limits.DESCRIPTION_LENGTH)


def _check_options(options: list[Json], path: str) -> None:
    if len(options) > limits.COMMAND_OPTIONS:
        raise too_long(path, limits.COMMAND_OPTIONS)
    if len({option["name"] for option in options}) < len(options):
        raise invalid_form(path, "APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATED", "Option names must be unique")
    optional_seen = False
    for index, option in enumerate(options):
        here = f"{path}.{index}."
        _check_name_and_description(option, here)
        if option.get("required") and optional_seen:
            raise invalid_form(
                f"{here}required", "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", "Required options first"
            )
        optional_seen = optional_seen or not option.get("required")
        choices = option.get("choices") or []
        if len(choices) > limits.OPTION_CHOICES:
            raise too_long(f"{here}choices", limits.OPTION_CHOICES)
        for choice in choices:
            if (
                not 1 <= len(choice["name"]) <= limits.CHOICE_LENGTH
                or len(str(choice["value"])) > limits.CHOICE_LENGTH
            ):
                raise too_long(f"{here}choices", limits.CHOICE_LENGTH)
        _check_options(option.get("options") or [], f"{here}options")


def _length(entry: Json) -> int:
    """Characters that count towards a command's 8000: names, descriptions, values of choices."""
    own = _longest(entry, "name") + _longest(entry, "description")
    choices = sum(_longest(it, "name") + len(str(it["value"])) for it in entry.get("choices") or [])
    return own + choices + sum(_length(option) for option in entry.get("options") or [])


def _longest(entry: Json, key: str) -> int:
    """The length of a text in the language in which it is longest."""
    texts = [entry.get(key), *(entry.get(f"{key}_localizations") or {}).values()]
    return max(len(text or "") for text in texts)


def _check_value(option: Json, value: object) -> None:
    name, kind = option["name"], option["type"]
    if option.get("choices") and value not in [choice["value"] for choice in option["choices"]]:
        raise InvalidOption(name, "Choose one of the choices.")
    if kind in (INTEGER, NUMBER):
        is_number = isinstance(value, int if kind == INTEGER else int | float) and not isinstance(value, bool)
        if not is_number or not isinstance(value, int | float):
            raise InvalidOption(
                name, "This takes a whole number." if kind == INTEGER else "This takes a number."
            )
        low, high = option.get("min_value"), option.get("max_value")
        if not math.isfinite(value) or abs(value) > WHOLE_NUMBERS:
            raise InvalidOption(name, "This takes no such number.")
        if (low is not None and value < low) or (high is not None and value > high):
            raise InvalidOption(name, f"This takes {_range(low, high)}.")
    elif kind == BOOLEAN:
        if not isinstance(value, bool):
            raise InvalidOption(name, "This takes true or false.")
    elif not isinstance(value, str):
        raise InvalidOption(name, "This takes text.")
    elif kind == STRING:
        shortest, longest = option.get("min_length") or 0, option.get("max_length") or 6000
        if not shortest <= len(value) <= longest or not value:
            raise InvalidOption(name, f"This takes {max(1, shortest)} to {longest} characters.")


def _range(low: float | None, high: float | None) -> str:
    if low is None:
        return f"{high} at most"
    return f"{low} at least" if high is None else f"{low} to {high}"
