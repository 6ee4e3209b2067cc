"""Makes jobs of requests: seeds fixed, defaults of the model filled in, and the entry for the ledger."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from generation.image import ImageParameters, PromptEdit
from generation.job import Job
from generation.job_record import JobRecord
from generation.job_store import JobEntry, ReplyAddress
from generation.model_profile import ModelProfile
from generation.place import Place
from generation.prompt import AssembledPrompt, PromptHint
from generation.request import GenerationRequest


@dataclass(frozen=True, slots=True)
class AssembledPicture:
    """One picture's request, and its prompts with the steps that they begin at; of most there is one, from step 0."""

    request: GenerationRequest
    stages: Sequence[tuple[int, AssembledPrompt]]

    @property
    def hints(self) -> list[PromptHint]:
        """What the asker may like to know."""
        return [hint for _, assembled in self.stages for hint in assembled.hints]


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
        pictures: Sequence[AssembledPicture],
        user_id: int,
        place: Place,
        weight: float,
        reply: ReplyAddress | None,
        locale: str,
        occasion: str | None = None,
    ) -> Job:
        """Make the job of a new request, of its pictures with their prompts."""
        return Job(
            id=secrets.token_hex(8),
            request=request,
            user_id=user_id,
            place=place,
            images=tuple(map(self._image, pictures)),
            pictures=tuple(picture.request for picture in pictures),
            hints=tuple(dict.fromkeys(hint for picture in pictures for hint in picture.hints)),
            accepted_at=self._clock(),
            weight=weight,
            reply=reply,
            locale=locale,
            occasion=occasion,
        )

    def entry(self, job: Job) -> JobEntry:
        """Write `job` down for the ledger."""
        record = JobRecord(
            request=job.request,
            place=job.place,
            images=job.images,
            pictures=job.pictures,
            hints=job.hints,
            locale=job.locale,
            is_private=job.is_private,
        )
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
            occasion=job.occasion,
        )

    def _image(self, picture: AssembledPicture) -> ImageParameters:
        profile, request = self._profile, picture.request
        (_, first), *later = picture.stages
        return ImageParameters(
            prompt=first.prompt,
            negative_prompt=first.negative_prompt,
            edits=tuple(
                PromptEdit(
                    first_step=step, prompt=assembled.prompt, negative_prompt=assembled.negative_prompt
                )
                for step, assembled in later
            ),
            width=request.aspect_ratio.width,
            height=request.aspect_ratio.height,
            num_inference_steps=request.num_inference_steps or profile.num_inference_steps,
            guidance_scale=request.guidance_scale or profile.guidance_scale,
            seed=request.seed or 0,
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
