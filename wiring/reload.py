"""New settings while the bot runs: what changed, what holds from now on, and what waits for the next start."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from cogs.errors import ReloadRefused
from cogs.reload import ReloadReport
from generation.engine.engine import Engine
from generation.errors import ModelUnavailable
from generation.rating_classifier import RatingClassifier, UnusableClassifier
from generation.service import GenerationService
from generation.terms import Terms
from settings.errors import SettingsError
from settings.settings import Settings
from storage.blocks import BlockStore
from storage.upkeep import Upkeep
from terminal.hangup import Hangup

log = logging.getLogger(__name__)

LIVE_SECTIONS = ("model", "drawing", "limits", "images", "policy", "loras", "profiles")
LIVE_KEYS = {"paths": ("wildcards",), "logging": ("level",)}
"""What a running bot can take on; everything else waits for the next start."""

UNTOLD_SECTIONS = ("discord", "database", "watch")
"""Whose values aren't repeated: an address may hold a password."""

VALUE_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Change:
    """A setting that is another now. `told` is a line for operators, such as "limits.steps: 50 → 30"."""

    told: str
    is_live: bool


def changes(former: Settings, settings: Settings) -> Iterator[Change]:
    """Yield every setting in which the two differ, in the order of the settings file."""
    before, now = _flat(former.model_dump()), _flat(settings.model_dump())
    for key in dict.fromkeys([*before, *now]):
        if before.get(key) != now.get(key):
            section = key.partition(".")[0]
            values = "" if section in UNTOLD_SECTIONS else f": {_shown(before, key)} → {_shown(now, key)}"
            yield Change(key + values, _is_live(key))


def taken_on(former: Settings, settings: Settings) -> Settings:
    """Return `settings` with what waits for the next start as it was in `former`."""
    held: dict[str, Any] = {
        section: getattr(former, section) for section in Settings.model_fields if section not in LIVE_SECTIONS
    }
    for section, keys in LIVE_KEYS.items():
        held[section] = held[section].model_copy(
            update={key: getattr(getattr(settings, section), key) for key in keys}
        )
    return settings.model_copy(update=held)


def needs_other_engine(former: Settings, settings: Settings) -> bool:
    """Whether the model has to be loaded anew; which profile it has makes no difference but for how it is encoded."""
    return _engine_part(former) != _engine_part(settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveParts:
    """What a reload changes, and how it is made of settings.

    `classifier` is the one that looks at pictures now.
    """

    service: GenerationService
    blocks: BlockStore
    upkeep: Upkeep
    classifier: RatingClassifier | None
    terms_of: Callable[[Settings, RatingClassifier | None], Terms]
    engine_of: Callable[[Settings], Engine]


class Reloader:
    """Reads the settings again when it is asked to; belongs to one event loop.

    `read` reads file and environment anew, and blocks on the disk; it raises SettingsError.
    """

    def __init__(self, settings: Settings, read: Callable[[], Settings], parts: LiveParts) -> None:
        self._settings = settings
        self._read = read
        self._parts = parts
        self._classifier = parts.classifier
        self._turn = asyncio.Lock()
        self._loaded = settings
        """Those of the model that was loaded last: what one that can't be loaded gives way to."""
        self._loading: Settings | None = None
        """Those of the newest model that is on its way."""

    async def reload(self) -> ReloadReport:
        """Bring the bot in step with its settings. Waiting and running jobs stay.

        A changed model is loaded in the background; where it can't be, the former one goes on, and the log says why.

        Raises:
            ReloadRefused: something in the settings is wrong; nothing has changed.
        """
        async with self._turn:
            try:
                settings = await asyncio.to_thread(self._read)
                classifier = await self._classifier_of(settings)
                engine = self._other_engine(taken_on(self._settings, settings))
            except (SettingsError, UnusableClassifier) as error:
                reason = (
                    str(error) if isinstance(error, SettingsError) else f"policy.classifier: {error.reason}"
                )
                log.error("The settings were read again, and changed nothing: %s", reason)  # noqa: TRY400 - it tells all
                raise ReloadRefused(reason) from error
            found = list(changes(self._settings, settings))
            self._settings = taken_on(self._settings, settings)
            self._classifier = classifier
            self._apply(self._settings)
            if engine is not None:
                self._exchange_engine(engine)
            elif self._loading is None:
                self._loaded = self._settings
        report = ReloadReport(
            holds=[change.told for change in found if change.is_live],
            waits=[change.told for change in found if not change.is_live],
            loads_model=engine is not None,
        )
        log.info(
            "The settings were read again. These hold now: %s. These wait for the next start: %s",
            "; ".join(report.holds) or "none",
            "; ".join(report.waits) or "none",
        )
        return report

    def _apply(self, settings: Settings) -> None:
        parts = self._parts
        parts.service.adopt(parts.terms_of(settings, self._classifier))
        parts.blocks.settle(
            attempts=settings.policy.attempts_before_block,
            block_for=timedelta(days=settings.policy.block_days),
        )
        parts.upkeep.settle(
            keep_for=timedelta(days=settings.images.keep_days), keep_bytes=int(settings.images.keep_gb * 1e9)
        )
        logging.getLogger().setLevel(settings.logging.level)

    async def _classifier_of(self, settings: Settings) -> RatingClassifier | None:
        """The classifier of the settings, loaded; the present one where it is the same."""
        named = ("classifier", "classifier_ratings")
        if all(getattr(self._settings.policy, key) == getattr(settings.policy, key) for key in named):
            return self._classifier
        classifier = settings.policy.rating_classifier
        if classifier is not None:
            await asyncio.to_thread(classifier.load)
        return classifier

    def _other_engine(self, settings: Settings) -> Engine | None:
        """The engine of the settings, of which nothing has started; None where the present one is the same."""
        if not needs_other_engine(self._settings, settings):
            return None
        return self._parts.engine_of(settings)

    def _exchange_engine(self, engine: Engine) -> None:
        self._loading = self._settings
        # Handed over, not held: what an engine that fails leaves mustn't stay while the former one is loaded.
        made = [engine]
        self._parts.service.exchange_engine(
            made.pop,
            lambda: self._parts.engine_of(self._loaded),
            partial(self._engine_exchanged, self._settings),
        )

    def _engine_exchanged(self, wanted: Settings, failure: ModelUnavailable | None) -> None:
        # Where a later reload has another model waiting, the settings are that one's already.
        is_newest = wanted is self._loading
        if is_newest:
            self._loading = None
        if failure is None:
            self._loaded = self._settings if is_newest else wanted
            return
        log.error("The model of the new settings can't be loaded, so the former one goes on")
        if is_newest:
            self._settings = _with_model_of(self._loaded, self._settings)
            self._apply(self._settings)


@contextmanager
def reloading_on_hangup(hangup: Hangup, reload: Callable[[], Awaitable[ReloadReport]]) -> Iterator[None]:
    """Reload when SIGHUP comes, as `systemctl reload` sends it, and at once if it has come already."""
    loop = asyncio.get_running_loop()
    reloads: set[asyncio.Task[None]] = set()

    async def reload_and_log() -> None:
        with suppress(ReloadRefused):  # it is in the log
            await reload()

    def begin() -> None:
        task = asyncio.create_task(reload_and_log(), name="reload")
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    with hangup.heard_by(partial(loop.call_soon_threadsafe, begin)):
        yield


def _flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Return nested tables as one, with keys such as "limits.roles.123.weight"."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{before}{key}.")
        else:
            flat[f"{before}{key}"] = value
    return flat


def _shown(values: Mapping[str, Any], key: str) -> str:
    if key not in values:
        return "–"
    text = json.dumps(values[key], default=str, ensure_ascii=False)
    return text if len(text) <= VALUE_LENGTH else f"{text[:VALUE_LENGTH]}…"


def _is_live(key: str) -> bool:
    section, _, rest = key.partition(".")
    return section in LIVE_SECTIONS or rest in LIVE_KEYS.get(section, ())


def _with_model_of(loaded: Settings, settings: Settings) -> Settings:
    """Return `settings` with what the model of `loaded` is made of, so that a later reload sees what differs."""
    update: dict[str, Any] = {key: getattr(loaded, key) for key in ("model", "drawing", "profiles")}
    if loaded.drawing.exact_replay:
        prompt_tokens = loaded.limits.prompt_tokens
        update["limits"] = settings.limits.model_copy(update={"prompt_tokens": prompt_tokens})
    return settings.model_copy(update=update)


def _engine_part(settings: Settings) -> tuple[Any, ...]:
    replays = settings.drawing.exact_replay
    return (
        settings.model.model_copy(update={"profile": ""}),
        settings.drawing,
        settings.profile.encoding,
        settings.limits.prompt_tokens if replays else None,
    )
