"""What happens in a guessing game when it is due: its picture comes, hints, the end, the board."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress

from cogs.client import DrawingBot
from cogs.discord_limits import FILE_BYTES
from cogs.events.deadline_watch import DeadlineHandler
from cogs.events.guess_buttons import game_view
from cogs.events.guess_messages import (
    alt_text,
    board_embed,
    failed_text,
    game_embed,
    hint_text,
    over_embed,
)
from cogs.events.posts import change, post_once
from cogs.job_message import Attachment, result_message
from cogs.language import language_of
from cogs.parts import Parts
from cogs.place import place_now
from events.guessing import HintKind, Secret, hint_moments
from generation.errors import GenerationError
from generation.image_encoding import EncodedImage, UploadTooLarge, encode_untold
from generation.job import Ending, Finished, Job
from storage.deadlines import Deadline
from storage.guessing import COUNTS_FROM, GameDeadline, GameState, GuessingGame, GuessingStore, is_game

log = logging.getLogger(__name__)


class GuessingStages:
    """Brings pictures of games, and handles their deadlines. All of it may be called again after a crash."""

    def __init__(self, bot: DrawingBot, parts: Parts) -> None:
        self._bot = bot
        self._parts = parts

    @property
    def handlers(self) -> Mapping[str, DeadlineHandler]:
        """What to do at deadlines, by their kinds."""
        return {
            GameDeadline.DRAWN: self._give_up,
            GameDeadline.HINT: self._give_hint,
            GameDeadline.END: self._end,
            GameDeadline.BOARD: self._post_board,
        }

    @property
    def _store(self) -> GuessingStore:
        return self._parts.guessing

    async def bring(self, job: Job, ending: Ending) -> bool:
        """Post the picture of a game, which begins then; False where the job wasn't drawn for one.

        Nothing of the message tells what it was drawn from: the file is a copy without its metadata.
        """
        if job.occasion is None or not is_game(job.occasion):
            return False
        game = await self._store.find(job.occasion)
        if (
            game is not None
            and game.message_id is None
            and game.state in (GameState.DRAWING, GameState.RUNNING)
        ):
            picture = await self._untold(job, ending)
            if picture is None or not await self._begin(game, picture):
                await self._fail(game)
        await self._parts.service.deliveries.delivered(job)
        return True

    async def _untold(self, job: Job, ending: Ending) -> EncodedImage | None:
        """The picture as it may be posted; None where there is none, or it may not be."""
        if not isinstance(ending, Finished):
            return None
        try:
            place = await place_now(self._bot, job.place)
            await self._parts.service.gatekeeper.check_delivery(job, place, is_secret=True)
            return await asyncio.to_thread(encode_untold, ending.images[0], FILE_BYTES)
        except (GenerationError, UploadTooLarge) as error:
            log.warning("A game's picture can't be shown: %r", error, extra={"job": job.id})
            return None

    async def _begin(self, game: GuessingGame, picture: EncodedImage) -> bool:
        """Let the game begin and post the picture; False where the channel doesn't take it."""
        now = self._parts.clock()
        await self._store.begin(game.id, now, hint_moments(now, game.minutes))
        begun = await self._store.find(game.id)
        if begun is None or begun.ends_at is None or begun.state is not GameState.RUNNING:
            return True  # it ended before anybody saw it
        say = language_of(game.locale)
        message_id = await post_once(
            self._bot,
            game.channel_id,
            f"{game.id}-game",
            embed=game_embed(say, game, _secret(game), begun.ends_at),
            attachment=Attachment(f"guess.{picture.extension}", picture.content, alt_text(say)),
            view=game_view(game.id, say),
        )
        if message_id is None:
            return False
        await self._store.posted(game.id, message_id)
        return True

    async def _fail(self, game: GuessingGame) -> None:
        # Told before the game and its deadlines are over: a message that Discord didn't take is tried again.
        await post_once(
            self._bot, game.channel_id, f"{game.id}-fail", content=failed_text(language_of(game.locale))
        )
        await self._store.fail(game.id, self._parts.clock())

    async def _give_up(self, deadline: Deadline) -> None:
        game = await self._store.find(deadline.event_id)
        if game is None or game.state is not GameState.DRAWING:
            return
        await self._fail(game)
        if game.job_id is not None:
            with suppress(GenerationError):  # it ended a moment ago
                await self._parts.service.cancel(game.job_id, game.started_by)

    async def _give_hint(self, deadline: Deadline) -> None:
        game = await self._store.find(deadline.event_id)
        if game is None or game.state is not GameState.RUNNING or game.begun_at is None:
            return
        moments = hint_moments(game.begun_at, game.minutes)
        # After a time away the newest hint is enough.
        if any(moment <= self._parts.clock() for moment in moments[deadline.step :]):
            return
        found = {find.number for find in await self._store.finds(game.id)}
        secret = _secret(game)
        left = [tag for number, tag in enumerate(secret.tags) if number not in found]
        if await self._store.give_hint(game.id, deadline.step):
            say = language_of(game.locale)
            await post_once(
                self._bot,
                game.channel_id,
                f"{game.id}-hint{deadline.step}",
                content=hint_text(say, HintKind(deadline.step), left, self._parts.dictionary.groups),
                view=game_view(game.id, say),
            )

    async def _end(self, deadline: Deadline) -> None:
        await self._store.end(deadline.event_id, self._parts.clock())

    async def _post_board(self, deadline: Deadline) -> None:
        game = await self._store.find(deadline.event_id)
        if game is None or game.state is not GameState.ENDED or game.board_message_id is not None:
            return
        say = language_of(game.locale)
        finds, guessers = await self._store.finds(game.id), await self._store.guessers(game.id)
        embed = board_embed(say, game, _secret(game), finds, guessers, counts=guessers >= COUNTS_FROM)
        message_id = await post_once(self._bot, game.channel_id, f"{game.id}-board", embed=embed)
        if await self._show_picture(game):
            # It is there once, so that who deletes it finds it once.
            await change(
                self._bot, game.channel_id, game.message_id, embed=over_embed(say), attachments=[], view=None
            )
        else:
            await change(self._bot, game.channel_id, game.message_id, view=None)
        await self._store.told_board(game.id, message_id)

    async def _show_picture(self, game: GuessingGame) -> bool:
        """Post the picture as any other, with what it was drawn from and its buttons; False where it can't be."""
        if game.job_id is None:
            return False
        try:
            job = await self._parts.past_jobs.find(game.job_id, game.started_by)
            await self._parts.service.gatekeeper.check_delivery(job, await place_now(self._bot, job.place))
            message = await result_message(job, job.latest, FILE_BYTES)
        except GenerationError as error:
            log.info("A game's picture isn't shown again: %r", error, extra={"job": game.job_id})
            return False
        message_id = await post_once(
            self._bot,
            game.channel_id,
            f"{game.id}-picture",
            content=message.content,
            embed=message.embed,
            attachment=message.attachments[0] if message.attachments else None,
            view=message.view(),
        )
        if message_id is not None:
            await self._parts.service.deliveries.delivered(job, (game.channel_id, message_id))
        return message_id is not None


def _secret(game: GuessingGame) -> Secret:
    return Secret.from_json(game.secret)
