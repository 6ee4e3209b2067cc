"""The terms that benchmarks have requests taken under: Animagine's, and no limits."""

from datetime import UTC, datetime

from generation.engine_options import EngineOptions
from generation.gatekeeper import Gatekeeper
from generation.limits import Limits, LimitTable
from generation.model_profile import ANIMAGINE_XL_4
from generation.terms import RequestBounds, Terms


def utc_now() -> datetime:
    """The clock of the benchmarks."""
    return datetime.now(UTC)


def open_terms(options: EngineOptions | None = None, *, steps: int = 50) -> Terms:
    """Terms for an engine with `options`, under which anybody may ask for any number of pictures of so many steps."""
    return Terms(
        profile=ANIMAGINE_XL_4,
        model_name="bench",
        precision=(options or EngineOptions()).precision,
        gatekeeper=Gatekeeper(profile=ANIMAGINE_XL_4, clock=utc_now),
        limits=LimitTable(everybody=Limits()),
        bounds=RequestBounds(prompt_tokens=225, steps=steps),
    )
