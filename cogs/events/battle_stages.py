"""What happens in a battle when it is due: its card, the two pictures, the winner, and the ends of its phases."""

import asyncio
import logging
from collections.abc import Mapping

from cogs.client import DrawingBot
from cogs.discord_limits import ALT_TEXT_LENGTH
from cogs.events.battle_buttons import BattleAction, battle_view
from cogs.events.battle_messages import (
    card_embed,
    card_text,
    expired_text,
    result_alt_text,
    result_text,
    show_alt_text,
    show_note,
    show_text,
    votes_text,
)
from cogs.events.deadline_watch import DeadlineHandler
from cogs.events.posts import change, post_once
from cogs.job_message import Attachment
from cogs.language import language_of
from cogs.parts import Parts
from cogs.place import place_now
from cogs.plain_text import NO_MENTIONS, shortened
from events.points import points_for_place
from events.versus import Side, draw_versus, draw_winner
from generation.errors import GenerationError
from generation.job import Finished
from storage.battles import NOBODY, Battle, BattleDeadline, BattleState, BattleStore, EndedHow
from storage.deadlines import Deadline
from storage.standings import EventKind, Standing

log = logging.getLogger(__name__)


class BattleStages:
    """Handlers of deadlines. Each asks the battle's state first and may be called again after a crash."""

    def __init__(self, bot: DrawingBot, parts: Parts) -> None:
        self._bot = bot
        self._parts = parts

    @property
    def handlers(self) -> Mapping[str, DeadlineHandler]:
        """They, by the kinds of their deadlines."""
        return {
            BattleDeadline.INVITE: self._expire,
            BattleDeadline.CARD: self._post_card,
            BattleDeadline.DRAWING: self._end_drawing,
            BattleDeadline.SHOW: self._show,
            BattleDeadline.VOTING: self._end_voting,
            BattleDeadline.RESULT: self._tell_result,
        }

    @property
    def _store(self) -> BattleStore:
        return self._parts.battles

    async def _expire(self, deadline: Deadline) -> None:
        battle = await self._store.find(deadline.event_id)
        if battle is not None and await self._store.refuse(battle.id, self._parts.clock(), has_expired=True):
            text = expired_text(language_of(battle.locale), battle)
            await change(
                self._bot, battle.channel_id, battle.invite_message_id,
                content=text, embed=None, view=None, allowed_mentions=NO_MENTIONS,
            )  # fmt: skip

    async def _post_card(self, deadline: Deadline) -> None:
        battle = await self._store.give_time(deadline.event_id, BattleState.DRAWING, self._parts.clock())
        if battle is None or battle.card_message_id is not None:
            return
        say = language_of(battle.locale)
        message_id = await post_once(
            self._bot,
            battle.channel_id,
            f"{battle.id}-card",
            content=card_text(say, battle),
            embed=card_embed(say, battle),
            view=battle_view(battle.id, say, BattleAction.DRAW),
            mentioned=battle.players,
        )
        await self._store.posted(battle.id, card=message_id)

    async def _end_drawing(self, deadline: Deadline) -> None:
        await self._store.close_drawing(deadline.event_id, self._parts.clock())

    async def _show(self, deadline: Deadline) -> None:
        battle = await self._store.give_time(deadline.event_id, BattleState.VOTING, self._parts.clock())
        if battle is None or battle.show_message_id is not None:
            return
        pictures = await self._pictures(battle)
        lost = [player for player in battle.players if player not in pictures]
        if lost:
            await self._store.lose_pictures(battle.id, lost, self._parts.clock())
            return
        say = language_of(battle.locale)
        left, right = (pictures[player] for player in battle.sides)
        content = await asyncio.to_thread(draw_versus, left, right, battle.theme)
        message_id = await post_once(
            self._bot,
            battle.channel_id,
            f"{battle.id}-show",
            content=f"{show_text(say, battle)}\n{show_note(say)}",
            attachment=_attachment("battle.png", content, show_alt_text(say, battle)),
            view=battle_view(battle.id, say, BattleAction.VOTE_LEFT, BattleAction.VOTE_RIGHT),
        )
        await self._store.posted(battle.id, show=message_id)
        await change(self._bot, battle.channel_id, battle.card_message_id, view=None)

    async def _end_voting(self, deadline: Deadline) -> None:
        await self._store.close_voting(deadline.event_id, self._parts.clock())

    async def _tell_result(self, deadline: Deadline) -> None:
        battle = await self._store.find(deadline.event_id)
        if battle is None or battle.state is not BattleState.ENDED:
            return
        if battle.result_message_id is None:
            await self._post_result(battle)
        # The older one is past its buttons, and perhaps past the hour in which messages are easily edited.
        newest = battle.show_message_id or battle.card_message_id
        await change(self._bot, battle.channel_id, newest, view=None)
        if battle.tournament_id is None:
            await self._record(battle)
        await self._store.told_result(battle, self._parts.clock())

    async def _record(self, battle: Battle) -> None:
        """Let a battle count for the season; who has no picture in it gets nothing."""
        if battle.winner_id in (None, NOBODY) or battle.ended_at is None:
            return
        winner, people = battle.winner_id or NOBODY, len(battle.players)
        standings = [Standing(winner, 1, points_for_place(1, people))]
        if battle.ended_how is EndedHow.VOTES:
            standings.append(Standing(battle.other(winner), 2, points_for_place(2, people)))
        await self._parts.standings.record(
            battle.guild_id, battle.id, EventKind.BATTLE, standings, battle.ended_at
        )

    async def _post_result(self, battle: Battle) -> None:
        say = language_of(battle.locale)
        votes = await self._store.votes(battle.id)
        attachment = None
        if battle.winner_id not in (None, NOBODY):
            winner, other = battle.winner_id or NOBODY, battle.other(battle.winner_id or NOBODY)
            pictures = await self._pictures(battle)
            # Without a vote there is nothing to count.
            was_shown = battle.show_message_id is not None
            sides = [
                Side(
                    battle.name_of(player),
                    votes_text(say, votes[player]) if was_shown else "",
                    pictures.get(player),
                )
                for player in (winner, other)
            ]
            card = await asyncio.to_thread(draw_winner, say("Winner"), battle.theme, *sides)
            attachment = _attachment("winner.png", card, result_alt_text(say, battle))
        message_id = await post_once(
            self._bot,
            battle.channel_id,
            f"{battle.id}-result",
            content=result_text(say, battle, votes),
            attachment=attachment,
            mentioned=battle.players,
        )
        await self._store.posted(battle.id, result=message_id)

    async def _pictures(self, battle: Battle) -> dict[int, bytes]:
        """What was entered and may be shown, by whose it is."""
        pictures = {}
        for user_id, entry in (await self._store.entries(battle.id)).items():
            try:
                job = await self._parts.past_jobs.find(entry.job_id, user_id)
                await self._parts.service.gatekeeper.check_delivery(
                    job, await place_now(self._bot, job.place)
                )
            except GenerationError as error:
                log.warning("A picture of battle %s can't be shown: %r", battle.id, error)
                continue
            if isinstance(job.latest, Finished) and not job.is_hidden:
                pictures[user_id] = job.latest.images[entry.picture].png
        return pictures


def _attachment(name: str, content: bytes, alt_text: str) -> Attachment:
    return Attachment(name, content, shortened(alt_text, ALT_TEXT_LENGTH))
