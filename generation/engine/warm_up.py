"""The first, unseen pictures: they make the device's kernels, and measure how many pictures side by side pay."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import torch

from generation.engine.denoiser import Denoiser
from generation.engine.memory_guard import free_memory
from generation.engine.sample import Sample
from generation.image import ImageParameters

log = logging.getLogger(__name__)

TOLERANCE = 0.05
"""How much of the best throughput is given up for fewer slots, which finish each picture sooner."""

TIMED_STEPS = 3
PATIENCE_S = 2.0
"""The longest a step of one picture may take for the measurement to be worth its time."""

_STEP = ImageParameters(
    prompt="1girl",
    negative_prompt="",
    width=256,
    height=256,
    num_inference_steps=1 + TIMED_STEPS,
    guidance_scale=5.0,
    seed=0,
    model="",
)


@dataclass(frozen=True, slots=True)
class WarmUp:
    """What the warm-up found: how many slots pay, and seconds for a megapixel and step at that."""

    slots: int
    seconds_per_megapixel_step: float


def warm_up(
    prepare: Callable[[ImageParameters], Sample],
    denoiser: Denoiser,
    *,
    size: tuple[int, int],
    slots: int | None,
    slot_limit: int,
) -> WarmUp:
    """Draw pictures that nobody sees, and find the fewest slots within 5 % of the best throughput.

    `size` is the usual picture's width and height. With `slots` given only the speed is measured, of at most
    `slot_limit`. Else twice as many slots are tried while that pays, up to that limit. Where memory runs out fewer
    are taken: what is reckoned beforehand knows nothing of kernels' own memory, nor of other programs.
    """
    small_s = _seconds_per_step(prepare, denoiser, _STEP, samples=1)
    usual = replace(_STEP, width=size[0], height=size[1])
    megapixels = size[0] * size[1] / 1e6
    expected_s = small_s * megapixels / (_STEP.width * _STEP.height / 1e6)
    if expected_s > PATIENCE_S:
        return WarmUp(min(slots or 1, slot_limit), expected_s / megapixels)
    seconds_of = partial(_seconds_if_it_fits, prepare, denoiser, usual)
    if slots is not None:
        slots, seconds = _halved_until_it_fits(seconds_of, min(slots, slot_limit))
        return WarmUp(slots, (expected_s if seconds is None else seconds / slots) / megapixels)
    throughput = _throughput(seconds_of, slot_limit)
    if not throughput:  # not even one fits: parts of the model will have to move out, once somebody draws
        return WarmUp(1, expected_s / megapixels)
    chosen = fewest_slots(throughput)
    log.info(
        "Steps a second by slots: %s; drawing with %d",
        ", ".join(f"{count}: {speed:.1f}" for count, speed in throughput.items()),
        chosen,
    )
    return WarmUp(chosen, 1 / throughput[chosen] / megapixels)


def fewest_slots(throughput: Mapping[int, float]) -> int:
    """Choose the smallest number of slots whose throughput is within `TOLERANCE` of the best."""
    best = max(throughput.values())
    return min(slots for slots, speed in throughput.items() if speed >= best * (1 - TOLERANCE))


def _halved_until_it_fits(seconds_of: Callable[[int], float | None], slots: int) -> tuple[int, float | None]:
    """Return how many of `slots` fit, and the seconds that a step of them takes; None where not even one fits."""
    while (seconds := seconds_of(slots)) is None and slots > 1:
        slots //= 2
    return slots, seconds


def _throughput(seconds_of: Callable[[int], float | None], slot_limit: int) -> dict[int, float]:
    """Pictures' steps a second by slots, doubled while that pays and fits."""
    throughput: dict[int, float] = {}
    tried = 1
    while tried <= slot_limit and (seconds := seconds_of(tried)) is not None:
        throughput[tried] = tried / seconds
        if tried > 1 and throughput[tried] < throughput[tried // 2] * (1 + TOLERANCE / 2):
            break
        tried *= 2
    return throughput


def _seconds_if_it_fits(
    prepare: Callable[[ImageParameters], Sample],
    denoiser: Denoiser,
    parameters: ImageParameters,
    samples: int,
) -> float | None:
    """Seconds that a step of so many pictures takes; None where memory runs out over it."""
    try:
        return _seconds_per_step(prepare, denoiser, parameters, samples)
    except torch.OutOfMemoryError as error:
        log.warning("Out of memory while warming up with %d pictures at once: %s", samples, error)
    # Outside the handler, where no traceback holds on to the failed call's tensors any more.
    denoiser.forget()
    free_memory()
    return None


def _seconds_per_step(
    prepare: Callable[[ImageParameters], Sample],
    denoiser: Denoiser,
    parameters: ImageParameters,
    samples: int,
) -> float:
    """Seconds that a step of so many pictures takes; the fastest of a few, after one that isn't timed."""
    batch = [prepare(parameters) for _ in range(samples)]
    times = []
    for _ in range(parameters.num_inference_steps):
        begin = time.perf_counter()
        for sample, predictions in zip(batch, denoiser.predict(batch), strict=True):
            sample.advance(*predictions)
        if batch[0].latents.is_cuda:
            torch.cuda.synchronize(batch[0].latents.device)
        times.append(time.perf_counter() - begin)
    denoiser.forget()
    return min(times[1:])
