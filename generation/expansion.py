"""From a request to those of its single pictures: seeds fixed, chance decided, LoRAs and grid cells spelt out."""

import random
import re
import secrets
from dataclasses import replace
from typing import Any

from generation.errors import InvalidRequest, UnreadableTemplate
from generation.grid_cells import cells_of
from generation.lora import LoraWeight
from generation.lora_catalogue import LoraCatalogue
from generation.request import LORA_WEIGHT_MAX, SEED_LIMIT, GenerationRequest
from generation.wildcards import MARKS_MAX, OwnLists, Wildcards, marks_in

_LORA = re.compile(r"<lora:([^:<>]+)(?::([^:<>]*))?>")
_ROLLED = ("tags", "subject", "character", "series", "negative_prompt")


class Expansion:
    """Knows the operator's wildcards and LoRAs. Reads files: use it on a thread."""

    def __init__(self, wildcards: Wildcards | None = None, loras: LoraCatalogue | None = None) -> None:
        self.wildcards = wildcards or Wildcards(None)
        self.loras = loras or LoraCatalogue(None, {})

    def pictures_of(self, request: GenerationRequest, own_lists: OwnLists) -> tuple[GenerationRequest, ...]:
        """Return one request for each picture of `request`, of a count of 1 and with nothing left to chance.

        Pictures of one request have seeds in a row, and each rolls anew; those of a grid share a seed and a roll. What
        is rolled follows from the seed, so the same request and seed give the same pictures.

        Raises:
            UnknownWildcard, UnreadableTemplate: see `Wildcards.roll`; its bound holds for all texts together.
            UnknownLora: a LoRA that isn't there is named in the text.
            InvalidRequest: a LoRA's weight or a grid's value is out of range, or too many LoRAs are named.
        """
        texts = [getattr(request, option) for option in _ROLLED]
        if sum(map(marks_in, texts)) > MARKS_MAX:
            raise UnreadableTemplate(max(texts, key=marks_in))
        first_seed = secrets.randbelow(SEED_LIMIT) if request.seed is None else request.seed
        if request.grid is not None:
            cells = cells_of(replace(request, seed=first_seed, count=1, grid=None), request.grid)
            return tuple(self._picture(cell, own_lists) for cell in cells)
        return tuple(
            self._picture(replace(request, seed=(first_seed + number) % SEED_LIMIT, count=1), own_lists)
            for number in range(request.count)
        )

    def rated(self, picture: GenerationRequest) -> GenerationRequest:
        """Return `picture` with the rating that its LoRAs lift it to, for the policy to look at."""
        ratings = [self.loras.entry(lora.name).rating for lora in picture.loras]
        return replace(picture, rating=max([picture.rating, *ratings]))

    def title_of(self, lora: str) -> str:
        """What the operator calls a LoRA."""
        return self.loras.entry(lora).title

    def _picture(self, request: GenerationRequest, own_lists: OwnLists) -> GenerationRequest:
        # Each text has dice of its own, so that one without chance changes nothing in the others.
        dice = random.Random(request.seed)  # noqa: S311 - it rolls prompts
        texts: dict[str, Any] = {
            option: self.wildcards.roll(getattr(request, option), dice.getrandbits(32), own_lists)
            for option in _ROLLED
        }
        named: list[LoraWeight] = []
        for option in ("tags", "subject", "character", "series"):
            texts[option] = _LORA.sub(lambda match: _take(match, named, self.loras), texts[option])
        loras = {lora.name: lora for lora in (*request.loras, *named)}
        triggers = [tag for name in loras for tag in self.loras.triggers_of(name)]
        texts["tags"] = ", ".join([texts["tags"].strip(" ,"), *triggers]).strip(" ,")
        return replace(request, **texts, loras=tuple(loras.values()))


def _take(match: re.Match[str], named: list[LoraWeight], catalogue: LoraCatalogue) -> str:
    """Note a LoRA that stands in the text; it leaves the text."""
    name, weight = catalogue.find(match[1].strip()), match[2]
    try:
        value = catalogue.weight_of(name) if weight is None else float(weight)
    except ValueError as error:
        limit = f"{-LORA_WEIGHT_MAX:g} – {LORA_WEIGHT_MAX:g}"
        raise InvalidRequest(f"weight of {name}", weight, limit) from error
    named.append(LoraWeight(name, value))
    return ""
