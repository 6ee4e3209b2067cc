"""What an interaction looks like at all. discord.py relies on it, and what isn't so would end the bot for everybody."""

import logging
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StrictInt, StrictStr, ValidationError

from cogs.discord_limits import CUSTOM_ID_LENGTH

log = logging.getLogger(__name__)

_EVENT = "INTERACTION_CREATE"

_CustomId = Annotated[StrictStr, Field(min_length=1, max_length=CUSTOM_ID_LENGTH)]
_Resolved = dict[str, dict[str, Any]]


class _Option(BaseModel):
    name: StrictStr
    type: Annotated[StrictInt, Field(ge=1, le=11)]
    options: list["_Option"] = []


class _Command(BaseModel):
    name: StrictStr
    type: Literal[1, 2, 3] = 1
    guild_id: Annotated[str, Field(pattern=r"^\d{1,20}$")] | None = None
    options: list[_Option] = []
    resolved: _Resolved = {}


class _Component(BaseModel):
    custom_id: _CustomId
    component_type: StrictInt
    values: list[StrictStr] = []
    resolved: _Resolved = {}


class _Input(BaseModel):
    custom_id: _CustomId
    value: StrictStr | bool | None = None
    values: list[StrictStr] = []


class _Row(BaseModel):
    component: _Input | None = None


class _Form(BaseModel):
    custom_id: _CustomId
    components: list[_Row]
    resolved: _Resolved = {}


_DATA: dict[int, type[BaseModel]] = {2: _Command, 3: _Component, 4: _Command, 5: _Form}
"""By the interaction's type (receiving-and-responding)."""


def pass_over_malformed(parsers: dict[str, Callable[[Any], None]]) -> None:
    """Put a check before discord.py's own reader of interactions in `parsers`, its table of events."""
    parse = parsers[_EVENT]

    def parse_if_well_formed(event: Any) -> None:
        kind = event.get("type")
        try:
            if kind in _DATA:
                _DATA[kind].model_validate(event.get("data"))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            log.warning("What isn't an interaction was passed over: %s %s", first["loc"], first["type"])
            return
        parse(event)

    parsers[_EVENT] = parse_if_well_formed
