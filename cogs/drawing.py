"""From a person's wish to a job: what commands, buttons and forms have in common."""

from collections.abc import Awaitable
from typing import Any

import discord

from cogs.deferred_message import defer
from cogs.delivery import Delivery
from cogs.parts import Parts
from cogs.permissions import require_permissions
from cogs.place import place_of, role_ids_of
from cogs.terms import show_terms_once
from cogs.usual_options import UsualOptions
from generation.occasion import Occasion
from generation.request import GenerationRequest
from storage.guilds import GuildSettings


class Drawing:
    """Hands requests to the service, and their jobs to delivery."""

    def __init__(self, parts: Parts, delivery: Delivery) -> None:
        self._service = parts.service
        self._people = parts.people
        self._guilds = parts.guilds
        self._delivery = delivery

    async def usual(self, interaction: discord.Interaction[Any]) -> UsualOptions:
        """What holds for this person where a command leaves something open."""
        return UsualOptions.from_json(await self._people.defaults(interaction.user.id))

    async def draw(
        self,
        interaction: discord.Interaction[Any],
        request: GenerationRequest | Awaitable[GenerationRequest],
        *,
        is_private: bool = False,
        occasion: Occasion | None = None,
    ) -> None:
        """Answer `interaction` with a message that waits, and have `request` drawn into it.

        A request that takes time to be made, because a file has to be fetched for it, is awaited after the answer.

        The one who acts is the asker: theirs are the limits, and the place is where they act. Where `is_private`,
        only they see it. `occasion` is the event that it is drawn for.

        Raises:
            MissingPermissions: the bot couldn't show the picture there.
            GenerationError: whatever `GenerationService.submit` raises.
        """
        place = place_of(interaction)
        settled = None if place.guild_id is None else await self._guilds.settings(place.guild_id)
        is_private = is_private or (settled is not None and settled.is_private)
        if not is_private:
            require_permissions(interaction)
        reply = await defer(interaction, self._delivery.clock, is_private=is_private)
        if not isinstance(request, GenerationRequest):
            request = await request
        job = await self._service.submit(
            request,
            interaction.user.id,
            place,
            reply=reply,
            role_ids=role_ids_of(interaction),
            locale=_locale(interaction, settled, is_private=is_private),
            own_lists=await self._people.wildcards(interaction.user.id),
            occasion=occasion,
        )
        self._delivery.follow(job)
        if place.guild_id is not None and settled is not None and settled.terms_shown_at is None:
            await show_terms_once(interaction, self._guilds, place.guild_id, self._service.profile)


def _locale(interaction: discord.Interaction[Any], settled: GuildSettings | None, *, is_private: bool) -> str:
    """The language of a picture's message: what all see speaks the server's, where its moderators settled one."""
    if settled is not None and settled.language is not None and not is_private:
        return settled.language
    return str(interaction.locale)
