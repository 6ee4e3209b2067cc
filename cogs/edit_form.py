"""The form that changes a picture's texts, shape and rating before it is drawn again.

Its custom_id names the picture, and what was typed is read from the interaction itself: a form that was open while the
bot was restarted works too.
"""

import re
from dataclasses import replace
from typing import Any

import discord

from cogs.language import Language
from cogs.plain_text import storable
from generation.aspect_ratio import AspectRatio
from generation.errors import InvalidRequest
from generation.job import Job
from generation.rating import Rating
from generation.request import GUIDANCE_SCALE_MAX, GUIDANCE_SCALE_MIN, SEED_LIMIT, GenerationRequest

CUSTOM_ID = re.compile("edit:(?P<job>[0-9a-f]{16}):(?P<number>[0-9])")
TEXT_INPUT_LENGTH = 4000


class EditForm(discord.ui.Modal):
    """Five fields, as many as Discord allows: seed and guidance share one."""

    def __init__(self, job: Job, number: int, say: Language) -> None:
        super().__init__(title=say("Edit and draw again"), custom_id=f"edit:{job.id}:{number}")
        request = job.pictures[number]
        seed, guidance = job.images[number].seed, job.images[number].guidance_scale
        self._add_text(say("Tags"), "tags", typed_text(request), is_long=True)
        self._add_text(say("Keep out"), "negative", request.negative_prompt, is_long=True)
        self._add_text(
            say("Seed and guidance"),
            "numbers",
            f"{seed}, {guidance:g}",
            description=say("Without the seed, another one is drawn"),
        )
        self._add_choice(
            say("Shape"),
            "aspect",
            [(say(aspect.label), aspect.value) for aspect in AspectRatio],
            request.aspect_ratio.value,
        )
        self._add_choice(
            say("Rating"),
            "rating",
            [(say(rating.value), rating.value) for rating in Rating],
            request.rating.value,
        )

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Nothing: the cog reads the form from the interaction, see the module's docstring."""

    def _add_text(
        self, label: str, custom_id: str, text: str, *, is_long: bool = False, description: str | None = None
    ) -> None:
        style = discord.TextStyle.paragraph if is_long else discord.TextStyle.short
        field: discord.ui.TextInput[EditForm] = discord.ui.TextInput(
            custom_id=custom_id, style=style, default=text[:TEXT_INPUT_LENGTH], required=custom_id == "tags"
        )
        self.add_item(discord.ui.Label(text=label, description=description, component=field))

    def _add_choice(self, label: str, custom_id: str, choices: list[tuple[str, str]], chosen: str) -> None:
        field: discord.ui.Select[EditForm] = discord.ui.Select(
            custom_id=custom_id,
            options=[
                discord.SelectOption(label=text, value=value, default=value == chosen)
                for text, value in choices
            ],
        )
        self.add_item(discord.ui.Label(text=label, component=field))


def typed_text(request: GenerationRequest) -> str:
    """All that was asked for, as one text; assembled, it gives the same prompt."""
    texts = (request.subject, request.character, request.series, request.tags)
    return ", ".join(text.strip(" ,") for text in texts if text.strip(" ,"))


def edited(job: Job, number: int, fields: dict[str, str]) -> GenerationRequest:
    """Return a picture's request as a form's fields change it. What the form doesn't have stays.

    Raises:
        InvalidRequest, NoTags, TextTooLong: a field holds what can't be.
    """
    request = job.pictures[number]
    seed, guidance = read_numbers(fields.get("numbers", ""))
    return replace(
        request,
        subject="",
        character="",
        series="",
        tags=fields.get("tags", ""),
        negative_prompt=fields.get("negative", ""),
        seed=seed,
        guidance_scale=request.guidance_scale if guidance is None else guidance,
        aspect_ratio=_chosen(AspectRatio, "aspect", fields, request.aspect_ratio),
        rating=_chosen(Rating, "rating", fields, request.rating),
        upscale=None,
        grid=None,
    )


def read_numbers(text: str) -> tuple[int | None, float | None]:
    """Read "seed, guidance": either may be left out; of one number alone, a small or broken one is the guidance.

    Raises:
        InvalidRequest: these aren't such numbers.
    """
    parts = [part for part in re.split(r"[,\s;、]+", text.strip()) if part]
    try:
        if len(parts) == 2:
            return int(parts[0]), float(parts[1])
        if len(parts) == 1:
            number = float(parts[0])
            is_guidance = GUIDANCE_SCALE_MIN <= number <= GUIDANCE_SCALE_MAX
            return (None, number) if is_guidance else (int(parts[0]), None)
    except ValueError:
        parts = ["", "", ""]
    if parts:
        limits = f"0 – {SEED_LIMIT - 1}, {GUIDANCE_SCALE_MIN:g} – {GUIDANCE_SCALE_MAX:g}"
        raise InvalidRequest("seed, guidance", text, limits)
    return None, None


def fields_of(interaction: discord.Interaction[Any]) -> dict[str, str]:
    """What was typed and chosen in a form, by the fields' custom_ids."""
    fields: dict[str, str] = {}
    data: dict[str, Any] = dict(interaction.data or {})
    for row in data.get("components") or []:
        field = row.get("component") if isinstance(row, dict) else None
        if isinstance(field, dict):
            values = field.get("values") or [field.get("value") or ""]
            fields[str(field.get("custom_id"))] = storable(str(values[0]))
    return fields


def _chosen(kind: Any, option: str, fields: dict[str, str], otherwise: Any) -> Any:
    if option not in fields:
        return otherwise
    try:
        return kind(fields[option])
    except ValueError as error:
        raise InvalidRequest(option, fields[option], ", ".join(each.value for each in kind)) from error
