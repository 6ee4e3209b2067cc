"""A person taken out of battles and tournaments: their name at once, and who they were where it is over.

What is under way needs to know whom a button is for; a stand-in takes a person's place when nothing asks any more.
"""

import secrets
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.battles import ACTIVE
from storage.event_tables import BattleRow, BattleVoteRow, TournamentPlayerRow, TournamentRow
from storage.tournaments import UNDER_WAY

_PEOPLE = ("challenger_id", "opponent_id", "left_id", "winner_id")


async def forget_player(connection: AsyncConnection, user_id: int) -> None:
    """Take a person out, in the transaction of an erasure, before their own rows go."""
    stand_in = -1 - secrets.randbits(62)
    for side in ("challenger", "opponent"):
        theirs = getattr(BattleRow, f"{side}_id") == user_id
        await connection.execute(update(BattleRow).where(theirs).values({f"{side}_name": ""}))
    running = select(TournamentRow.id).where(TournamentRow.state.in_(UNDER_WAY))
    is_over = and_(
        BattleRow.state.not_in(ACTIVE),
        or_(BattleRow.tournament_id.is_(None), BattleRow.tournament_id.not_in(running)),
    )
    over = select(BattleRow.id).where(is_over)
    votes: Any = update(BattleVoteRow).where(BattleVoteRow.for_id == user_id)
    await connection.execute(votes.where(BattleVoteRow.battle_id.in_(over)).values(for_id=stand_in))
    for column in _PEOPLE:
        theirs = getattr(BattleRow, column) == user_id
        await connection.execute(update(BattleRow).where(theirs, is_over).values({column: stand_in}))
    await _forget_in_tournaments(connection, user_id, stand_in)


async def _forget_in_tournaments(connection: AsyncConnection, user_id: int, stand_in: int) -> None:
    joined = select(TournamentPlayerRow.tournament_id).where(TournamentPlayerRow.user_id == user_id)
    query = select(TournamentRow.id, TournamentRow.seeds, TournamentRow.champion_id).where(
        TournamentRow.id.in_(joined), TournamentRow.state.not_in(UNDER_WAY)
    )
    for row in (await connection.execute(query)).all():
        seeds = [stand_in if seed == user_id else seed for seed in row.seeds]
        champion = stand_in if row.champion_id == user_id else row.champion_id
        change = update(TournamentRow).where(TournamentRow.id == row.id)
        await connection.execute(change.values(seeds=seeds, champion_id=champion))
    called = update(TournamentRow).where(
        TournamentRow.created_by == user_id, TournamentRow.state.not_in(UNDER_WAY)
    )
    await connection.execute(called.values(created_by=0))
