"""What happens in a tournament when it goes on: a round is announced, its battles begin, the champion is told."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence

from cogs.client import DrawingBot
from cogs.discord_limits import ALT_TEXT_LENGTH
from cogs.events.deadline_watch import DeadlineHandler
from cogs.events.posts import post_once
from cogs.events.tournament_messages import bracket_alt_text, bracket_words, champion_text, round_text
from cogs.job_message import Attachment
from cogs.language import language_of
from cogs.parts import Parts
from cogs.plain_text import shortened
from events.bracket import NOBODY, Bracket, Match, MatchKey, places
from events.bracket_picture import draw_bracket
from events.points import points_for_place
from generation.request import SEED_LIMIT
from storage.battles import TOURNAMENT_ADVANCE, Battle, BattleState, EndedHow, new_battle_id
from storage.deadlines import Deadline
from storage.standings import EventKind, Standing
from storage.tournaments import Player, Tournament, TournamentState

UNNAMED = "?"
"""Who had their data deleted."""


class TournamentRounds:
    """The handler of a tournament's deadlines; it may be called again, and for several matches at once."""

    def __init__(self, bot: DrawingBot, parts: Parts) -> None:
        self._bot = bot
        self._parts = parts

    @property
    def handlers(self) -> Mapping[str, DeadlineHandler]:
        """It, by the kind of its deadlines."""
        return {TOURNAMENT_ADVANCE: self._advance}

    async def bracket(self, tournament: Tournament) -> Bracket:
        """The bracket as it stands."""
        winners = {
            MatchKey(battle.round, battle.number): battle.winner_id
            for battle in await self._parts.battles.of_tournament(tournament.id)
            if battle.round is not None and battle.number is not None and battle.winner_id is not None
        }
        return Bracket(tuple(tournament.seeds), winners)

    async def picture(self, tournament: Tournament, bracket: Bracket) -> Attachment:
        """The bracket as a file."""
        say = language_of(tournament.locale)
        names = self._names(tournament, await self._parts.tournaments.players(tournament.id))
        content = await asyncio.to_thread(draw_bracket, bracket, names, bracket_words(say, tournament))
        alt_text = bracket_alt_text(say, tournament, _in_words(bracket, names))
        return Attachment("bracket.png", content, shortened(alt_text, ALT_TEXT_LENGTH))

    async def _advance(self, deadline: Deadline) -> None:
        tournament = await self._parts.tournaments.find(deadline.event_id)
        if tournament is None or tournament.state is not TournamentState.RUNNING:
            return
        bracket = await self.bracket(tournament)
        if bracket.champion is not None:
            await self._crown(tournament, bracket, bracket.champion)
            return
        matches = bracket.ready()
        round_number = matches[0].key.round
        if round_number > tournament.posted_round:
            await self._announce(tournament, bracket, round_number)
        players = await self._parts.tournaments.players(tournament.id)
        battles = [self._battle(tournament, match, players) for match in matches]
        await self._parts.tournaments.hold(tournament.id, battles, self._parts.clock())

    async def _announce(self, tournament: Tournament, bracket: Bracket, round_number: int) -> None:
        await post_once(
            self._bot,
            tournament.channel_id,
            f"{tournament.id}-r{round_number}",
            content=round_text(language_of(tournament.locale), tournament, bracket, round_number),
            attachment=await self.picture(tournament, bracket),
        )
        await self._parts.tournaments.announced(tournament.id, round_number)

    async def _crown(self, tournament: Tournament, bracket: Bracket, champion_id: int) -> None:
        await post_once(
            self._bot,
            tournament.channel_id,
            f"{tournament.id}-end",
            content=champion_text(language_of(tournament.locale), tournament, champion_id),
            attachment=await self.picture(tournament, bracket),
            mentioned=() if champion_id == NOBODY else (champion_id,),
        )
        now = self._parts.clock()
        if champion_id != NOBODY:
            standings = [
                Standing(person, place, points_for_place(place, len(bracket.seeds)))
                for person, place in places(bracket)
            ]
            await self._parts.standings.record(
                tournament.guild_id, tournament.id, EventKind.TOURNAMENT, standings, now
            )
        await self._parts.tournaments.end(tournament.id, champion_id, now)

    def _battle(self, tournament: Tournament, match: Match, players: Sequence[Player]) -> Battle:
        """A match as a battle; it is over where one of the two may not play any more."""
        names = self._names(tournament, players)
        out = {player.user_id for player in players if player.disqualified_at is not None}
        out |= set(tournament.seeds) - {player.user_id for player in players}
        left, right = match.left or NOBODY, match.right or NOBODY
        winner = None
        if left in out or right in out:
            winner = next((player for player in (left, right) if player not in out), NOBODY)
        now = self._parts.clock()
        return Battle(
            id=new_battle_id(),
            guild_id=tournament.guild_id,
            channel_id=tournament.channel_id,
            theme=tournament.theme_of(match.key.round),
            minutes=tournament.minutes,
            voting_minutes=tournament.voting_minutes,
            aspect=tournament.aspect,
            seed=secrets.randbelow(SEED_LIMIT),
            challenger_id=left,
            challenger_name=names[left],
            opponent_id=right,
            opponent_name=names[right],
            state=BattleState.DRAWING if winner is None else BattleState.ENDED,
            locale=tournament.locale,
            created_at=now,
            winner_id=winner,
            ended_how=None if winner is None else EndedHow.DISQUALIFIED,
            ended_at=None if winner is None else now,
            tournament_id=tournament.id,
            round=match.key.round,
            number=match.key.number,
        )

    @staticmethod
    def _names(tournament: Tournament, players: Sequence[Player]) -> dict[int, str]:
        return dict.fromkeys(tournament.seeds, UNNAMED) | {player.user_id: player.name for player in players}


def _in_words(bracket: Bracket, names: Mapping[int, str]) -> str:
    """The matches of the round that is on, or the final."""
    matches = bracket.ready() or [bracket.match(MatchKey(bracket.rounds - 1, 0))]
    pairs = [(match.left or NOBODY, match.right or NOBODY) for match in matches]
    return "; ".join(f"{names.get(left, '—')} / {names.get(right, '—')}" for left, right in pairs)
