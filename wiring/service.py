"""The generation service, and the terms that the settings have it work under."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from generation.expansion import Expansion
from generation.gatekeeper import Gatekeeper
from generation.job_store import JobStore
from generation.limits import LimitTable
from generation.lora_catalogue import LoraCatalogue
from generation.moderation import Moderation
from generation.output_check import OutputCheck
from generation.rating_classifier import RatingClassifier
from generation.service import GenerationService
from generation.terms import RequestBounds, Terms
from generation.wildcards import Wildcards
from settings.settings import Settings
from wiring.engine import build_engine, engine_options


def build_service(
    settings: Settings,
    store: JobStore,
    clock: Callable[[], datetime],
    *,
    limits: LimitTable | None = None,
    moderation: Moderation | None = None,
    classifier: RatingClassifier | None = None,
) -> GenerationService:
    """Wire the generation service from the settings, with other `limits` where they are given; nothing starts yet."""
    terms = terms_of(settings, classifier, clock, moderation)
    if limits is not None:
        terms = replace(terms, limits=limits)
    return GenerationService(engine=build_engine(settings), terms=terms, store=store, clock=clock)


def terms_of(
    settings: Settings,
    classifier: RatingClassifier | None,
    clock: Callable[[], datetime],
    moderation: Moderation | None,
) -> Terms:
    """Under which terms the settings have requests taken."""
    gatekeeper = Gatekeeper(
        profile=settings.profile,
        clock=clock,
        policy=settings.policy.content_policy,
        expansion=Expansion(Wildcards(settings.paths.wildcards), lora_catalogue(settings)),
        moderation=moderation,
    )
    output_check = None
    if classifier is not None and moderation is not None and moderation.withheld is not None:
        output_check = OutputCheck(classifier, moderation.withheld, gatekeeper.ceiling, clock)
    return Terms(
        profile=settings.profile,
        model_name=settings.model.source,
        precision=engine_options(settings).precision,
        gatekeeper=gatekeeper,
        limits=settings.limits.table,
        bounds=RequestBounds(prompt_tokens=settings.limits.prompt_tokens, steps=settings.limits.steps),
        output_check=output_check,
    )


def lora_catalogue(settings: Settings) -> LoraCatalogue:
    """The LoRAs that members may ask for."""
    return LoraCatalogue(settings.model.lora_path, {name: own.entry for name, own in settings.loras.items()})


def utc_now() -> datetime:
    """The clock that everything in the running program reads."""
    return datetime.now(UTC)
