"""The first, unseen pictures: they make the device's kernels, and measure how many pictures side by side pay."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch

from generation.engine.denoiser import Denoiser
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

    `size` is the usual picture's width and height. With `slots` given only the speed is measured. Twice as many
    slots are tried while that pays, up to `slot_limit`.
    """
    small_s = _seconds_per_step(prepare, denoiser, _STEP, samples=1)
    usual = replace(_STEP, width=size[0], height=size[1])
    megapixels = size[0] * size[1] / 1e6
    expected_s = small_s * megapixels / (_STEP.width * _STEP.height / 1e6)
    if expected_s > PATIENCE_S:
        return WarmUp(slots or 1, expected_s / megapixels)
    if slots is not None:
        seconds = _seconds_per_step(prepare, denoiser, usual, samples=slots)
        return WarmUp(slots, seconds / slots / megapixels)
    throughput: dict[int, float] = {}
    tried = 1
    while tried <= slot_limit:
        throughput[tried] = tried / _seconds_per_step(prepare, denoiser, usual, samples=tried)
        if tried > 1 and throughput[tried] < throughput[tried // 2] * (1 + TOLERANCE / 2):
            break
        tried *= 2
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
