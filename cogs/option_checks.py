"""What Discord checks of a command's options before it sends them, checked once more: nothing is taken on trust.

discord.py hands on values of any type and size, and leaves ranges and choices to Discord. That it is an interaction
at all is looked at before, in `interaction_shape.py`.
"""

import logging
import math
from typing import Any

import discord
from discord import AppCommandOptionType, AppCommandType, InteractionType, app_commands

from cogs.discord_limits import OPTION_LENGTH
from cogs.error_answers import answer_error
from cogs.errors import CommandChanged
from cogs.plain_text import storable
from generation.errors import InvalidRequest, TextTooLong

log = logging.getLogger(__name__)

NUMBER_MAX = 2**53
"""As large as Discord lets integers and numbers be (application commands, option types)."""

_GROUPS = (AppCommandOptionType.subcommand.value, AppCommandOptionType.subcommand_group.value)
_RESOLVED = {
    AppCommandOptionType.user: "users",
    AppCommandOptionType.channel: "channels",
    AppCommandOptionType.role: "roles",
    AppCommandOptionType.attachment: "attachments",
}
_TARGETS = {AppCommandType.user.value: "users", AppCommandType.message.value: "messages"}

Json = dict[str, Any]


class CheckingTree(app_commands.CommandTree[Any]):
    """The bot's commands, none of which is called with options that it doesn't take."""

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Pass what fits; refuse and log what doesn't."""
        if interaction.type is InteractionType.autocomplete:
            if _is_typed(interaction):
                return True
            log.warning("Interaction %d completes what can't be typed", interaction.id)
            await interaction.response.autocomplete([])
            return False
        try:
            check_command(interaction)
        except (CommandChanged, InvalidRequest, TextTooLong) as error:
            kind = type(error).__name__
            log.warning("Interaction %d has options past Discord's checks: %s", interaction.id, kind)
            await answer_error(interaction, error)
            return False
        return True


def check_command(interaction: discord.Interaction[Any]) -> None:
    """Pass a command with options that it takes; what no database takes leaves their texts.

    Raises:
        CommandChanged: it is no such command, or its options are of other types.
        InvalidRequest, TextTooLong: an option is out of its range.
    """
    data: Json = dict(interaction.data or {})
    if (target := _TARGETS.get(data.get("type", 1))) is not None:
        if str(data.get("target_id")) not in data.get("resolved", {}).get(target, {}):
            raise CommandChanged
        return
    options = _leaves(data)
    command = interaction.command
    if not isinstance(command, app_commands.Command):
        raise CommandChanged
    taken = {parameter.display_name: parameter for parameter in command.parameters}
    for option in options:
        parameter = taken.get(option["name"])
        if parameter is None or parameter.type.value != option["type"]:
            raise CommandChanged
        option["value"] = _checked(parameter, option.get("value"), data)
    given = {option["name"] for option in options}
    if any(parameter.required and name not in given for name, parameter in taken.items()):
        raise CommandChanged


def _is_typed(interaction: discord.Interaction[Any]) -> bool:
    """Whether somebody types a text. What else is filled in may be unfinished, and nobody reads it."""
    options = _leaves(dict(interaction.data or {}))
    options[:] = [option for option in options if option.get("focused")]
    typed = options[0].get("value") if len(options) == 1 else None
    if not isinstance(typed, str) or len(typed) > OPTION_LENGTH:
        return False
    options[0] |= {"value": storable(typed), "type": AppCommandOptionType.string.value}
    command = interaction.command
    return isinstance(command, app_commands.Command) and any(
        parameter.display_name == options[0]["name"] and parameter.autocomplete
        for parameter in command.parameters
    )


def _leaves(data: Json) -> list[Json]:
    """The options at the end of the groups."""
    options: list[Json] = data.get("options", [])
    while options and options[0]["type"] in _GROUPS:
        options = options[0].get("options", [])
    return options


def _checked(parameter: app_commands.Parameter, value: Any, data: Json) -> Any:
    match parameter.type:
        case AppCommandOptionType.string if isinstance(value, str):
            value = storable(value)
            _check_length(parameter, value)
        case AppCommandOptionType.boolean if isinstance(value, bool):
            pass
        case AppCommandOptionType.integer if type(value) is int:
            _check_range(parameter, value)
        case AppCommandOptionType.number if type(value) in (int, float):
            _check_range(parameter, value)
        case kind if isinstance(value, str) and value in data.get("resolved", {}).get(
            _RESOLVED.get(kind), {}
        ):
            pass
        case _:
            raise CommandChanged
    offered = [choice.value for choice in parameter.choices]
    if offered and value not in offered:
        raise InvalidRequest(parameter.display_name, value, ", ".join(map(str, offered)))
    return value


def _check_length(parameter: app_commands.Parameter, text: str) -> None:
    low, high = int(parameter.min_value or 0), int(parameter.max_value or OPTION_LENGTH)
    if len(text) > high:
        raise TextTooLong(parameter.display_name, len(text), high)
    if len(text) < low:
        raise InvalidRequest(parameter.display_name, text, f"{low} – {high}")


def _check_range(parameter: app_commands.Parameter, number: float) -> None:
    low = -NUMBER_MAX if parameter.min_value is None else parameter.min_value
    high = NUMBER_MAX if parameter.max_value is None else parameter.max_value
    if not math.isfinite(number) or not low <= number <= high:
        raise InvalidRequest(parameter.display_name, number, f"{low:g} – {high:g}")
