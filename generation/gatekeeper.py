"""Who may have what drawn and shown where: the policy, under the rules of the server and the blocks of its people."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from generation.content_policy import ContentPolicy
from generation.errors import (
    ChannelClosed,
    GenerationError,
    NoLongerAllowed,
    PersonBlocked,
    PictureHidden,
    PictureSecret,
    PolicyRefusal,
    PolicyRule,
)
from generation.expansion import Expansion
from generation.job import Job
from generation.job_factory import AssembledPicture
from generation.listed_tags import ListedTags
from generation.model_profile import ModelProfile
from generation.moderation import Moderation, read_rules
from generation.place import Place
from generation.policy_trial import PolicyTrial
from generation.prompt import assemble_prompt
from generation.prompt_editing import stages_of
from generation.rating import Rating
from generation.request import GenerationRequest
from generation.server_rules import NO_RULES, ServerRules
from generation.wildcards import OwnLists

log = logging.getLogger(__name__)

OFFERS_REMEMBERED = 100_000
"""Answers on single tags that are kept, some 20 MB of them."""


class Gatekeeper:
    """Belongs to one event loop. `clock` gives the current, time-zone-aware time.

    Left out are the default policy, no wildcards and LoRAs, and no moderators.
    """

    def __init__(
        self,
        *,
        profile: ModelProfile,
        clock: Callable[[], datetime],
        policy: ContentPolicy | None = None,
        expansion: Expansion | None = None,
        moderation: Moderation | None = None,
    ) -> None:
        self._profile = profile
        self._clock = clock
        self._policy = policy or ContentPolicy()
        self.expansion = expansion or Expansion()
        self._moderation = moderation or Moderation()
        self._offers: dict[tuple[str, Rating, ListedTags, ListedTags], bool] = {}
        self.trial = PolicyTrial(self._policy, self.expansion.wildcards)

    async def rules(self, guild_id: int | None) -> ServerRules:
        """What a server's moderators have settled."""
        book = self._moderation.rule_book
        if guild_id is None or book is None:
            return NO_RULES
        return read_rules(await book.settings(guild_id))

    async def ceiling(self, place: Place) -> Rating:
        """The highest rating that may be drawn at `place`."""
        return self._policy.ceiling(place, await self.rules(place.guild_id))

    def highest_ceiling(self, place: Place) -> Rating:
        """The highest rating that moderators could allow at `place`."""
        return self._policy.highest_ceiling(place)

    async def check_person(self, user_id: int, guild_id: int | None) -> None:
        """Pass somebody who isn't blocked.

        Raises:
            PersonBlocked: they are, here or everywhere.
        """
        blocks = self._moderation.blocks
        if blocks is not None and (block := await blocks.block_of(user_id, guild_id, self._clock())):
            raise PersonBlocked(block.ends_at, block.reason)

    async def admit(
        self, request: GenerationRequest, user_id: int, place: Place, own_lists: OwnLists
    ) -> tuple[list[AssembledPicture], ServerRules]:
        """Return what a request becomes, every picture of it checked, and the rules that hold for it.

        Raises:
            PersonBlocked, ChannelClosed: this person may not draw, or nobody may here.
            PolicyRefusal: it may not be drawn here. One for minors is remembered against the person.
            GenerationError: see `Expansion.pictures_of`.
        """
        rules = await self._entered(user_id, place)
        try:
            # Text made to be hard to read can take the policy a good part of a second.
            return await asyncio.to_thread(self._pictures_of, request, place, rules, own_lists), rules
        except PolicyRefusal as refusal:
            if refusal.rule is PolicyRule.MINOR and self._moderation.blocks is not None:
                words = ", ".join(refusal.tags)
                await self._moderation.blocks.record_attempt(user_id, place.guild_id, self._clock(), words)
            raise

    async def check_showing(self, job: Job, place: Place) -> None:
        """Pass a job whose pictures may be shown at `place`, which need not be where it was asked for.

        Raises:
            PictureHidden: moderators have hidden it, or the output check has.
            PictureSecret: what it was drawn for isn't over.
            PolicyRefusal: it could not be asked for there, now.
        """
        await self.check_telling(job)
        await self._check_content(job, place)

    async def check_telling(self, job: Job) -> None:
        """Pass a job of which may be told what it was drawn from.

        Raises:
            PictureSecret: what it was drawn for isn't over.
        """
        secrets = self._moderation.secrets
        if job.occasion is not None and secrets is not None and await secrets.is_secret(job.occasion):
            raise PictureSecret

    async def check_delivery(self, job: Job, place: Place, *, is_secret: bool = False) -> None:
        """Pass a job whose pictures may still be posted where they were asked for; `place` is as it is now.

        Where `is_secret`, whoever posts them tells nothing of what they were drawn from.

        Raises:
            PictureHidden: the output check withholds it.
            PictureSecret: what it was drawn for isn't over.
            NoLongerAllowed: the server's rules, the channel's age restriction or the asker's standing have changed.
        """
        try:
            await (self._check_content if is_secret else self.check_showing)(job, place)
            await self._entered(job.user_id, place)
        except (PolicyRefusal, PersonBlocked, ChannelClosed) as refusal:
            log.info("The result isn't posted: %s", type(refusal).__name__, extra={"job": job.id})
            raise NoLongerAllowed from refusal

    async def _check_content(self, job: Job, place: Place) -> None:
        """Pass a job whose pictures themselves may be shown at `place`."""
        if job.is_hidden:
            raise PictureHidden
        rules = await self.rules(place.guild_id)
        await asyncio.to_thread(self._check_again, job, place, rules)

    async def may_be_asked_for(self, tags: Sequence[str], place: Place) -> list[bool]:
        """Whether each tag may be drawn at `place` by itself; the answers are remembered."""
        rules = await self.rules(place.guild_id)
        return await asyncio.to_thread(lambda: [self._is_offered(tag, place, rules) for tag in tags])

    async def _entered(self, user_id: int, place: Place) -> ServerRules:
        """The rules of `place`, where this person may have things drawn at all."""
        await self.check_person(user_id, place.guild_id)
        rules = await self.rules(place.guild_id)
        if not rules.is_open(place):
            raise ChannelClosed(tuple(sorted(rules.channel_ids)))
        return rules

    def _is_offered(self, tag: str, place: Place, rules: ServerRules) -> bool:
        key = (tag, self._policy.ceiling(place, rules), rules.blocked, rules.allowed)
        if len(self._offers) > OFFERS_REMEMBERED:
            self._offers.clear()
        if key not in self._offers:
            try:
                self._policy.check(GenerationRequest(tags=tag), place, rules)
            except GenerationError:
                self._offers[key] = False
            else:
                self._offers[key] = True
        return self._offers[key]

    def _pictures_of(
        self, request: GenerationRequest, place: Place, rules: ServerRules, own_lists: OwnLists
    ) -> list[AssembledPicture]:
        """Expand a request, and check what was asked for and what became of it."""
        ceiling = self._policy.ceiling(place, rules)
        self._policy.check(request, place, rules, besides=self._said_beside(request))
        pictures = []
        for picture in self.expansion.pictures_of(request, own_lists):
            stages = []
            for first_step, asked in self._stages(picture):
                self._check(asked, place, rules)
                stages.append((first_step, assemble_prompt(asked, self._profile, ceiling)))
            pictures.append(AssembledPicture(picture, stages))
        return pictures

    def _check_again(self, job: Job, place: Place, rules: ServerRules) -> None:
        self._policy.check_rating(job.request.rating, place, rules)
        for picture in job.pictures:
            for _, asked in self._stages(picture):
                self._check(asked, place, rules)

    def _stages(self, picture: GenerationRequest) -> Iterator[tuple[int, GenerationRequest]]:
        steps = picture.num_inference_steps or self._profile.num_inference_steps
        for stage in stages_of(picture, steps):
            yield stage.first_step, stage.request

    def _check(self, picture: GenerationRequest, place: Place, rules: ServerRules) -> None:
        rated = self.expansion.rated(picture)
        self._policy.check(rated, place, rules, besides=self._said_beside(picture))

    def _said_beside(self, request: GenerationRequest) -> list[str]:
        """What comes with a request besides its text: the names of LoRAs, a source picture's own prompt."""
        said = [] if request.source is None else [request.source.described]
        for lora in request.loras:
            said += [lora.name, self.expansion.title_of(lora.name)]
        return [text for text in said if text]
