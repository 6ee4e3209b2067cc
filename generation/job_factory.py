"""Makes jobs: of new requests, and of what the ledger remembers."""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime

from generation.errors import PicturesGone
from generation.image import Image, ImageParameters
from generation.job import Cancelled, Ending, Failed, Finished, Job
from generation.job_record import JobRecord, failure_from_json
from generation.job_store import JobEntry, ReplyAddress, StoredJob
from generation.model_profile import ModelProfile
from generation.place import Place
from generation.prompt import AssembledPrompt
from generation.request import SEED_LIMIT, GenerationRequest


class JobFactory:
    """Knows what every picture of this bot has in common.

    `model_name` and `precision` go into the pictures' metadata. `clock` gives the current, time-zone-aware time.
    """

    def __init__(
        self, profile: ModelProfile, model_name: str, precision: str, clock: Callable[[], datetime]
    ) -> None:
        self._profile = profile
        self._model_name = model_name
        self._precision = precision
        self._clock = clock

    def make(
        self,
        request: GenerationRequest,
        assembled: AssembledPrompt,
        user_id: int,
        place: Place,
        weight: float,
        reply: ReplyAddress | None,
    ) -> Job:
        """Make the job of a new request; from here on its seeds are fixed."""
        return Job(
            id=secrets.token_hex(8),
            request=request,
            user_id=user_id,
            place=place,
            images=self._images(request, assembled),
            hints=assembled.hints,
            accepted_at=self._clock(),
            weight=weight,
            reply=reply,
        )

    def entry(self, job: Job) -> JobEntry:
        """Write `job` down for the ledger."""
        record = JobRecord(request=job.request, place=job.place, images=job.images, hints=job.hints)
        reply = job.reply
        return JobEntry(
            id=job.id,
            user_id=job.user_id,
            guild_id=job.place.guild_id,
            channel_id=job.place.channel_id,
            accepted_at=job.accepted_at,
            image_count=len(job.images),
            cost=job.cost,
            weight=job.weight,
            record=record.to_json(),
            interaction_token=reply.token if reply else None,
            token_ends_at=reply.token_ends_at if reply else None,
            message_id=reply.message_id if reply else None,
            file_limit_bytes=reply.file_limit_bytes if reply else None,
        )

    def restored(self, stored: StoredJob) -> Job:
        """Make the job that the ledger remembers, waiting.

        Raises:
            ValueError: it was written by a version that this one doesn't understand.
        """
        return self._remembered(stored)

    def ended(self, stored: StoredJob, pictures: Sequence[bytes]) -> Job:
        """Make the job that the ledger remembers, at its end.

        Raises:
            ValueError: as for `restored`.
        """
        job = self._remembered(stored)
        job.publish(_ending(job, stored, pictures))
        return job

    def _remembered(self, stored: StoredJob) -> Job:
        record = JobRecord.from_json(stored.record)
        reply = None
        if stored.message_id is not None and stored.token_ends_at is not None:
            reply = ReplyAddress(
                token=stored.interaction_token,
                token_ends_at=stored.token_ends_at,
                message_id=stored.message_id,
                file_limit_bytes=stored.file_limit_bytes or 0,
            )
        return Job(
            id=stored.id,
            request=record.request,
            user_id=stored.user_id,
            place=record.place,
            images=record.images,
            hints=record.hints,
            accepted_at=stored.accepted_at,
            weight=stored.weight,
            reply=reply,
            post_nonce=stored.post_nonce,
        )

    def _images(self, request: GenerationRequest, assembled: AssembledPrompt) -> tuple[ImageParameters, ...]:
        profile = self._profile
        first_seed = secrets.randbelow(SEED_LIMIT) if request.seed is None else request.seed
        return tuple(
            ImageParameters(
                prompt=assembled.prompt,
                negative_prompt=assembled.negative_prompt,
                width=request.aspect_ratio.width,
                height=request.aspect_ratio.height,
                num_inference_steps=request.num_inference_steps or profile.num_inference_steps,
                guidance_scale=request.guidance_scale or profile.guidance_scale,
                seed=(first_seed + index) % SEED_LIMIT,
                sampler=request.sampler or profile.sampler,
                guidance_rescale=request.guidance_rescale,
                guided_share=profile.guided_share,
                clip_skip=request.clip_skip,
                loras=(*profile.loras, *request.loras),
                source=request.source,
                control=request.control,
                variation=request.variation,
                upscale=request.upscale,
                precision=self._precision,
                model=self._model_name,
            )
            for index in range(request.count)
        )


def _ending(job: Job, stored: StoredJob, pictures: Sequence[bytes]) -> Ending:
    match stored.state:
        case "cancelled":
            return Cancelled()
        case "finished" if len(pictures) == len(job.images):
            images = tuple(
                Image(parameters, png) for parameters, png in zip(job.images, pictures, strict=True)
            )
            return Finished(images, stored.drawing_s or 0.0)
        case "finished":
            return Failed(PicturesGone())
        case _:
            return Failed(failure_from_json(job.id, stored.failure))
