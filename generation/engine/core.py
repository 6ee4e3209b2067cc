"""The engine's core: pictures in flight, advanced together one denoising step at a time.

Between two steps finished pictures leave, cancelled ones are dropped and new ones join. Knows neither threads nor
event loops: whoever owns the device calls `tick` until `is_idle`.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch

from generation.engine.denoiser import Denoiser, Predictions
from generation.engine.latent_preview import latent_preview
from generation.engine.memory_guard import Attempt, MemoryGuard, free_memory
from generation.engine.picture_order import PictureOrder, PictureOutcome
from generation.engine.sample import BatchKey, Sample
from generation.engine.turns import next_turn
from generation.errors import DeviceLost, DrawingCancelled, OutOfMemory
from generation.image import ImageParameters
from generation.lora import LoraWeight
from generation.work import Work

log = logging.getLogger(__name__)

_NOBODYS_FAULT = (torch.OutOfMemoryError, torch.AcceleratorError)
"""What no single picture can be blamed for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawingParts:
    """What the core works with.

    `prepare` makes a picture's sample before its first step, `prepare_sparingly` does so with less memory, where that
    ran out. `use_loras` puts a set of LoRAs in force, `decode` takes finished latents and tells the outcome, now or
    later, and `finish_decoding` waits for that. `slots_for` is how many pictures of so many pixels fit into the
    device's memory side by side.
    """

    prepare: Callable[[ImageParameters], Sample]
    prepare_sparingly: Callable[[ImageParameters], Sample]
    use_loras: Callable[[tuple[LoraWeight, ...]], None]
    denoiser: Denoiser
    decode: Callable[[Sample, Callable[[PictureOutcome], None]], None]
    finish_decoding: Callable[[], None]
    memory: MemoryGuard
    slots_for: Callable[[int], int]


@dataclass(slots=True, eq=False)
class _Drawing:
    """An order in flight, with its sample."""

    order: PictureOrder
    sample: Sample
    is_leaving: bool = False

    @property
    def rank(self) -> float:
        return self.order.rank

    @property
    def batch_key(self) -> BatchKey:
        return self.sample.batch_key

    def leave(self) -> None:
        if not self.is_leaving:
            self.is_leaving = True
            self.order.on_leaving()


class EngineCore:
    """Draws orders side by side. Everything is called from the one thread that owns the device.

    `work_done` counts all so far, as do `batches_done` and `steps_done`: how often pictures were advanced together, and
    by how many steps of single pictures.
    """

    def __init__(self, parts: DrawingParts) -> None:
        self._parts = parts
        self._denoiser = parts.denoiser
        self._arrived: list[PictureOrder] = []
        self._in_flight: list[_Drawing] = []
        self.work_done = Work()
        self.batches_done = 0
        self.steps_done = 0

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits or is in flight."""
        return not self._arrived and not self._in_flight

    @property
    def slots(self) -> int:
        """How many pictures are advanced side by side; falls when memory runs out."""
        return self._parts.memory.slots

    def use_denoiser(self, denoiser: Denoiser) -> None:
        """Ask another denoiser from the next tick on, such as one whose UNet is compiled."""
        self._denoiser.forget()
        self._denoiser = denoiser

    def add(self, order: PictureOrder) -> None:
        """Take an order; it joins at the next tick."""
        self._arrived.append(order)

    def abandon(self) -> list[PictureOrder]:
        """Let go of everything; returns the orders that have not ended, to be drawn again by another core."""
        orders = [*(drawing.order for drawing in self._in_flight), *self._arrived]
        self._in_flight.clear()
        self._arrived.clear()
        self._denoiser.forget()
        return orders

    def tick(self) -> None:
        """Let newcomers in, advance those whose turn it is by one step, and let the finished go.

        An order that fails ends with its error; the others don't notice.

        Raises:
            DeviceLost: the device can't be used any more; `abandon` has the orders.
        """
        try:
            self._drop_cancelled()
            self._let_in()
            self._step()
            self._let_out()
        except torch.AcceleratorError as error:
            raise DeviceLost(str(error)) from error

    def _drop_cancelled(self) -> None:
        for order in [order for order in self._arrived if order.is_cancelled()]:
            self._refuse(order, DrawingCancelled())
        for drawing in [drawing for drawing in self._in_flight if drawing.order.is_cancelled()]:
            self._end(drawing, DrawingCancelled())

    def _let_in(self) -> None:
        while self._arrived:
            order = self._arrived[0]
            try:
                self._with_room(
                    partial(self._prepare, order, self._parts.prepare),
                    partial(self._prepare, order, self._parts.prepare_sparingly),
                )
            except torch.AcceleratorError:
                raise
            except Exception as error:  # one picture's own trouble, told to whoever ordered it
                self._refuse(order, error)

    def _with_room(self, work: Callable[[], None], again: Callable[[], None]) -> None:
        """Do one picture's work outside the batch, and where memory runs out `again` when nothing is being decoded.

        The batch keeps its slots: its steps have the memory that they had.

        Raises:
            OutOfMemory: it isn't enough for this picture, even so.
        """
        for attempt in (work, again):
            try:
                attempt()
            except torch.OutOfMemoryError as error:
                log.warning("Out of memory beside the batch: %s", error)
            else:
                return
            # Outside the handler, where no traceback holds on to the failed call's tensors any more.
            self._parts.finish_decoding()
            free_memory()
        raise OutOfMemory

    def _prepare(self, order: PictureOrder, prepare: Callable[[ImageParameters], Sample]) -> None:
        self._parts.use_loras(order.parameters.loras)
        sample = prepare(order.parameters)
        self._arrived.remove(order)
        self._in_flight.append(_Drawing(order, sample))

    def _step(self) -> None:
        turn = next_turn([drawing for drawing in self._in_flight if not drawing.sample.is_finished])
        if not turn:
            return
        height, width = turn[0].sample.size_px
        batch = turn[: min(self.slots, self._parts.slots_for(height * width))]
        for drawing in batch:
            if drawing.sample.is_on_last_step:
                drawing.leave()
        attempt = self._parts.memory.attempt(partial(self._advance, batch), samples=len(batch))
        if attempt is not Attempt.DONE:
            self._denoiser.forget()
        if attempt is Attempt.HOPELESS:
            for drawing in batch:
                self._end(drawing, OutOfMemory())

    def _advance(self, batch: Sequence[_Drawing]) -> None:
        try:
            self._parts.use_loras(batch[0].sample.parameters.loras)
        except _NOBODYS_FAULT:
            raise
        except Exception as error:  # the trouble of all who asked for these LoRAs
            for drawing in batch:
                self._end(drawing, error)
            return
        self.batches_done += 1
        for drawing, (noise_pred, negative_noise_pred) in self._predictions(batch):
            try:
                drawing.sample.advance(noise_pred, negative_noise_pred)
            except _NOBODYS_FAULT:
                raise
            except Exception as error:  # as above
                self._end(drawing, error)
            else:
                height, width = drawing.sample.size_px
                self.work_done += Work(megapixel_steps=height * width / 1e6)
                self.steps_done += 1
                drawing.order.on_step(drawing.sample.steps_done)
                if drawing.order.wants_preview():
                    drawing.order.on_preview(latent_preview(drawing.sample.predicted))

    def _predictions(
        self, batch: Sequence[_Drawing]
    ) -> list[tuple[_Drawing, tuple[torch.Tensor, torch.Tensor | None]]]:
        """Predict for all at once; where that fails, for each alone, so that only the culprit ends."""
        try:
            predictions: Predictions = self._denoiser.predict([drawing.sample for drawing in batch])
        except _NOBODYS_FAULT:
            raise
        except Exception as error:
            if len(batch) > 1:
                return [pair for drawing in batch for pair in self._predictions([drawing])]
            self._end(batch[0], error)
            return []
        return list(zip(batch, predictions, strict=True))

    def _let_out(self) -> None:
        for drawing in [drawing for drawing in self._in_flight if drawing.sample.is_finished]:
            finish = partial(self._finish, drawing)
            try:
                self._with_room(finish, finish)
            except torch.AcceleratorError:
                raise
            except Exception as error:  # as above
                self._end(drawing, error)

    def _finish(self, drawing: _Drawing) -> None:
        sample = drawing.sample
        if sample.parameters.upscale is not None and not sample.is_refining:
            sample.begin_refining()
            return
        self._in_flight.remove(drawing)
        self._denoiser.forget()
        height, width = sample.size_px
        self.work_done += Work(megapixels=height * width / 1e6)
        self._parts.decode(sample, drawing.order.on_end)

    def _end(self, drawing: _Drawing, outcome: PictureOutcome) -> None:
        self._in_flight.remove(drawing)
        drawing.leave()
        drawing.order.on_end(outcome)

    def _refuse(self, order: PictureOrder, error: Exception) -> None:
        self._arrived.remove(order)
        order.on_leaving()
        order.on_end(error)
