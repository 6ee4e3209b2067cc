"""What a contest does by itself: it is announced, opens, closes, is voted on and ends, each thing once.

What happens at a deadline may be called again after a crash. So every change of state is a condition in the database,
and every post is noted under its step.
"""

import io
import logging
from collections.abc import Sequence
from typing import Any

import discord

from cogs.client import DrawingBot
from cogs.events.contest_card import card_embed, card_view, link, voting_embed, voting_view
from cogs.events.contest_results import Result, count_votes, results_message, standings_of
from cogs.events.entry_pictures import EntryPictures
from cogs.events.forum_posts import post_made_before
from cogs.events.scheduled_events import ScheduledEvents
from cogs.language import Language, language_of
from cogs.parts import Parts
from cogs.place import place_now
from cogs.plain_text import NO_MENTIONS, inline
from events.blind_order import shuffled
from generation.errors import GenerationError, JobUnknown
from generation.place import Place
from storage.contests import ANNOUNCE, CLOSE, OPEN, RESULTS, Contest, ContestState
from storage.deadlines import Deadline
from storage.entries import BY_THE_BOT, Entry, Rank
from storage.event_posts import MessageKey
from storage.standings import EventKind

log = logging.getLogger(__name__)

SHOWN_TOGETHER = 10
"""Entries in one message: as many embeds as it takes."""

_HAS_A_THREAD = 160004


class ContestHost:
    """Posts for contests; belongs to one event loop."""

    def __init__(self, bot: DrawingBot, parts: Parts) -> None:
        self._bot = bot
        self._parts = parts
        self.pictures = EntryPictures(parts.past_jobs)
        self.scheduled = ScheduledEvents(bot, parts)
        self.handlers = {
            ANNOUNCE: self._announce_late,
            OPEN: self._open,
            CLOSE: self._close,
            RESULTS: self._tell_results,
        }

    async def announce(self, contest: Contest) -> Contest:
        """Post the card, open the thread, and schedule Discord's own event where the bot may.

        Raises:
            discord.HTTPException, CONNECTION_ERRORS: Discord didn't take it; the watch tries again.
        """
        return await self._announce(contest, is_repeated=False)

    async def _announce(self, contest: Contest, *, is_repeated: bool) -> Contest:
        """Do what is still to be done of it; where it `is_repeated`, a process may have died before it noted all."""
        channel: Any = self._bot.get_channel(contest.channel_id) or await self._bot.fetch_channel(
            contest.channel_id
        )
        if contest.thread_id is None:
            thread_id, card_id = await self._post_card(contest, channel, is_repeated=is_repeated)
            await self._parts.contests.opened(contest.id, thread_id=thread_id, card_message_id=card_id)
            contest = await self._parts.contests.find(contest.id) or contest
        scheduled_id = await self.scheduled.schedule(contest, getattr(channel, "guild", None))
        await self._parts.contests.announced(contest.id, scheduled_event_id=scheduled_id)
        return await self._parts.contests.find(contest.id) or contest

    async def _post_card(self, contest: Contest, channel: Any, *, is_repeated: bool) -> MessageKey:
        """Post the card; returns its thread and itself, by their ids."""
        say = language_of(contest.locale)
        embed, view = card_embed(contest, say), card_view(contest, say)
        if isinstance(channel, discord.ForumChannel):
            if is_repeated and (made := await post_made_before(channel, contest.id)):
                return made
            post = await channel.create_thread(
                name=contest.title, embed=embed, view=view, allowed_mentions=NO_MENTIONS
            )
            return post.thread.id, post.message.id

        async def send(nonce: str) -> MessageKey:
            sent = await channel.send(embed=embed, view=view, nonce=nonce, allowed_mentions=NO_MENTIONS)
            return sent.channel.id, sent.id

        _, card_id = await self._parts.event_posts.once(contest.id, "card", send)
        return await self._thread_of(channel, card_id, contest.title), card_id

    async def say_in_thread(self, contest: Contest, text: str) -> None:
        """Tell all who follow the contest."""
        await self._thread(contest).send(text, allowed_mentions=NO_MENTIONS)

    async def take_out(self, contest: Contest, entries: Sequence[Entry]) -> None:
        """Let removed entries vanish from the messages that show them, by posting the rest of these anew."""
        shown = await self._parts.entries.of_contest(contest.id, with_removed=True)
        for entry in entries:
            self.pictures.forget(entry)
        for message_id in {entry.message_id for entry in entries if entry.message_id is not None}:
            group = [entry for entry in shown if entry.message_id == message_id]
            try:
                await self._thread(contest).get_partial_message(message_id).delete()
            except discord.NotFound:
                log.info("A message of entries was gone already")
            step = _step_of(group[0])
            await self._parts.event_posts.forget(contest.id, step)
            await self._show_group(contest, step, group, nonce=None)

    async def result(self, contest: Contest) -> Result:
        """Count what is there."""
        entries = await self._parts.entries.of_contest(contest.id)
        return await count_votes(contest, entries, self._parts.ballots)

    async def _announce_late(self, deadline: Deadline) -> None:
        contest = await self._parts.contests.find(deadline.event_id)
        if contest is not None and contest.state != ContestState.CANCELLED:
            await self._announce(contest, is_repeated=True)

    async def _open(self, deadline: Deadline) -> None:
        now = self._parts.clock()
        contest = await self._parts.contests.advance(deadline.event_id, ContestState.OPEN, now)
        if contest is None or contest.thread_id is None:
            return
        say = language_of(contest.locale)
        text = "🏮 " + say(
            "{title} takes entries now, until {moment}.",
            title=inline(contest.title),
            moment=discord.utils.format_dt(contest.ends_at, "f"),
        )
        await self._post_once(contest, "open", content=text, view=card_view(contest, say))

    async def _close(self, deadline: Deadline) -> None:
        now = self._parts.clock()
        contest = await self._parts.contests.advance(deadline.event_id, ContestState.VOTING, now)
        if contest is None:
            return
        await self._remove_unshowable(contest)
        entries = await self._parts.entries.of_contest(contest.id)
        if len(entries) < 2:
            # There is nothing to choose from, so nobody waits for votes.
            await self._parts.contests.move(contest, BY_THE_BOT, now, now - contest.voting_ends_at)
            return
        await self._parts.entries.number(contest.id, shuffled([it.id for it in entries], contest.id))
        numbered = await self._parts.entries.of_contest(contest.id, with_removed=True)
        numbered = sorted((it for it in numbered if it.shown_as), key=lambda it: it.shown_as or 0)
        for first in range(0, len(numbered), SHOWN_TOGETHER):
            group = numbered[first : first + SHOWN_TOGETHER]
            step = _step_of(group[0])
            await self._show_group(contest, step, group, nonce=f"{contest.id}:{step}")
        say = language_of(contest.locale)
        embed = voting_embed(contest, len(entries), say)
        await self._post_once(contest, "vote", embed=embed, view=voting_view(contest, say))

    async def _tell_results(self, deadline: Deadline) -> None:
        now = self._parts.clock()
        contest = await self._parts.contests.advance(deadline.event_id, ContestState.ENDED, now)
        if contest is None:
            return
        result = await self.result(contest)
        await self._parts.entries.rank(
            {each.entry.id: Rank(each.place, each.votes, each.strength) for each in result.ranked}
        )
        await self._parts.standings.record(
            contest.guild_id, contest.id, EventKind.CONTEST, standings_of(result), contest.ended_at or now
        )
        say = language_of(contest.locale)
        reward_is_given = await self._reward(contest, result)
        message = await results_message(contest, result, self.pictures, say, reward_is_given=reward_is_given)
        winners = [discord.Object(entry.user_id) for entry in result.winners]
        mentions = discord.AllowedMentions(users=winners, everyone=False, roles=False)
        await self._post_once(contest, "result", **message, allowed_mentions=mentions)
        await self.scheduled.end(contest)

    async def _post_once(self, contest: Contest, step: str, **parts: Any) -> None:
        parts.setdefault("allowed_mentions", NO_MENTIONS)

        async def send(nonce: str) -> MessageKey:
            sent = await self._thread(contest).send(nonce=nonce, **parts)
            return sent.channel.id, sent.id

        await self._parts.event_posts.once(contest.id, step, send)

    async def _show_group(
        self, contest: Contest, step: str, group: Sequence[Entry], nonce: str | None
    ) -> None:
        """Show some entries by their numbers, without names; remember which message does."""
        say = language_of(contest.locale)
        files: dict[str, bytes] = {}
        embeds, shown = [], []
        for entry in group:
            content = None if entry.removed_at is not None else await self.pictures.shown(entry)
            if content is None:
                continue
            name = f"entry-{entry.shown_as}.webp"
            files[name] = content
            shown.append(entry)
            embed = discord.Embed(title=say("Entry {number}", number=entry.shown_as or "-"))
            embeds.append(embed.set_image(url=f"attachment://{name}"))
        if not shown:
            return

        async def send(own_nonce: str) -> MessageKey:
            made = [discord.File(io.BytesIO(content), name) for name, content in files.items()]
            options: dict[str, Any] = {} if nonce is None else {"nonce": own_nonce}
            sent = await self._thread(contest).send(embeds=embeds, files=made, **options)
            return sent.channel.id, sent.id

        _, message_id = await self._parts.event_posts.once(contest.id, step, send)
        await self._parts.entries.shown([entry.id for entry in shown], message_id)

    async def _remove_unshowable(self, contest: Contest) -> None:
        """Take out what may not be shown where the contest is held, or isn't there any more."""
        thread_id = contest.thread_id or contest.channel_id
        place = Place(
            guild_id=contest.guild_id,
            channel_id=thread_id,
            is_age_restricted=True,
            parent_id=contest.channel_id,
        )
        place = await place_now(self._bot, place)
        for entry in await self._parts.entries.of_contest(contest.id):
            try:
                job = await self._parts.past_jobs.find(entry.job_id, entry.user_id, with_pictures=False)
                await self._parts.service.gatekeeper.check_showing(job, place)
                if await self.pictures.png(entry) is None:
                    raise JobUnknown
            except (GenerationError, ValueError) as error:
                reason = type(error).__name__
                log.info("Entry %s of contest %s can't be shown: %s", entry.id, contest.id, reason)
                await self._parts.entries.remove(
                    contest, entry, BY_THE_BOT, self._parts.clock(), f"can't be shown ({reason})"
                )

    async def _reward(self, contest: Contest, result: Result) -> bool:
        """Give the winners their role; False where that can't be done, or nothing is to be given."""
        if contest.reward_role_id is None or not result.winners:
            return False
        given = True
        for entry in result.winners:
            try:
                await self._bot.http.add_role(
                    contest.guild_id,
                    entry.user_id,
                    contest.reward_role_id,
                    reason=f"winner of the contest {contest.id}",
                )
            except (discord.Forbidden, discord.NotFound):
                log.warning("A winner of contest %s can't be given the role", contest.id, exc_info=True)
                given = False
        return given

    async def _thread_of(self, channel: Any, card_id: int, title: str) -> int:
        """The thread below a card, opened where there is none; in a thread there are no others."""
        if isinstance(channel, discord.Thread):
            return channel.id
        try:
            thread = await channel.get_partial_message(card_id).create_thread(name=title)
        except discord.HTTPException as error:
            if error.code != _HAS_A_THREAD:
                raise
            return card_id  # a message's thread has its id
        return int(thread.id)

    def _thread(self, contest: Contest) -> discord.PartialMessageable:
        return self._bot.get_partial_messageable(
            contest.thread_id or contest.channel_id, guild_id=contest.guild_id
        )


def announced_in_words(contest: Contest, say: Language, *, is_scheduled: bool) -> str:
    """Tell who made a contest where it is."""
    text = say("{title} is announced: {place}.", title=f"**{inline(contest.title)}**", place=link(contest))
    if not is_scheduled:
        text += "\n-# " + say(
            "With the permission **Create Events** I'd have put it among the server's events too."
        )
    return text


def _step_of(entry: Entry) -> str:
    return f"e{((entry.shown_as or 1) - 1) // SHOWN_TOGETHER}"
