"""The terms that requests are taken under: what an operator may change while the service runs."""

from dataclasses import dataclass

from generation.gatekeeper import Gatekeeper
from generation.limits import LimitTable
from generation.model_profile import ModelProfile
from generation.output_check import OutputCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestBounds:
    """What a single request may ask for: CLIP tokens in a prompt, steps of a picture."""

    prompt_tokens: int
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """One value, made anew for every change. `model_name` and `precision` go into the pictures' metadata."""

    profile: ModelProfile
    model_name: str
    precision: str
    gatekeeper: Gatekeeper
    limits: LimitTable
    bounds: RequestBounds
    output_check: OutputCheck | None = None
