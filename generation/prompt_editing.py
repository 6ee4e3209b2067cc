"""Prompts that change while a picture is drawn: `[red:blue:0.4] hair` is red for 40 % of the steps, then blue.

The grammar is that of AUTOMATIC1111's web UI: the number, below 1, is a share of the steps, otherwise the step
after which it changes. Either side may be empty. Brackets of another form are none of this, and weigh as ever.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from generation.request import GenerationRequest

_EDIT = re.compile(r"\[([^\[\]():]*):([^\[\]():]*):\s*(\d*\.?\d+)\s*\]")
_TEXTS = ("subject", "character", "series", "tags", "negative_prompt")

STAGES_MAX = 6
"""How often a prompt may change: each stage is encoded and checked like a prompt of its own."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What a request asks for from a step on, nothing left to change."""

    first_step: int
    request: GenerationRequest


def stages_of(request: GenerationRequest, steps: int) -> list[Stage]:
    """Return what `request` asks for over `steps` denoising steps, stage by stage; of most requests there is one.

    Changes beyond the most that are taken come with the last of those.
    """
    texts = [getattr(request, option) for option in _TEXTS]
    changes = sorted({step for text in texts for step in _changes(text, steps) if 0 < step < steps})
    firsts = [0, *changes[: STAGES_MAX - 1]]
    if len(firsts) == 1 and not any(map(_EDIT.search, texts)):
        return [Stage(0, request)]
    return [Stage(first, _at(request, first, steps)) for first in firsts]


def _changes(text: str, steps: int) -> Iterable[int]:
    return (_step(edit[3], steps) for edit in _EDIT.finditer(text))


def _at(request: GenerationRequest, step: int, steps: int) -> GenerationRequest:
    def chosen(edit: re.Match[str]) -> str:
        return edit[1] if step < _step(edit[3], steps) else edit[2]

    texts: dict[str, Any] = {option: _EDIT.sub(chosen, getattr(request, option)) for option in _TEXTS}
    if not texts["tags"].strip(" ,"):
        # A stage that asks for nothing more than the subject is a request all the same.
        texts["tags"] = texts["subject"] or "no humans"
    return replace(request, **texts)


def _step(when: str, steps: int) -> int:
    moment = float(when)
    return round(moment * steps) if moment < 1 else int(moment)
