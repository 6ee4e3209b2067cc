"""What moderators settle, whom they block, and what is reported: each deed once, each written down."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from storage.audit import AuditLog, Deed
from storage.blocks import EVERYWHERE, Block, BlockStore
from storage.database import Database
from storage.guilds import GuildStore
from storage.job_ledger import JobLedger
from storage.picture_files import PictureFiles
from storage.reports import Report, ReportStore
from tests.storage.test_job_ledger import Entry

GUILD, AOI, REN, MIKA = 1, 11, 12, 13
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
JOB = "0123456789abcdef"


def block_store(database: Database, attempts: int = 3) -> BlockStore:
    return BlockStore(database, attempts=attempts, block_for=timedelta(days=7))


def block(user_id: int = AOI, ends_at: datetime | None = None) -> Block:
    return Block(
        guild_id=GUILD, user_id=user_id, blocked_by=MIKA, reason="spam", begins_at=NOW, ends_at=ends_at
    )


async def test_what_is_settled_stays_settled_and_is_written_down(database: Database) -> None:
    guilds = GuildStore(database)
    assert (await guilds.settings(GUILD)).ceiling is None
    await guilds.settle(GUILD, MIKA, NOW, ceiling="sensitive")
    await guilds.settle(GUILD, MIKA, NOW, channel_ids=[2**62, 5], is_private=True)
    settled = await guilds.settings(GUILD)
    assert (settled.ceiling, settled.channel_ids, settled.is_private) == ("sensitive", [2**62, 5], True)
    assert (await guilds.settings(2)).channel_ids == ()
    entries, has_more = await AuditLog(database).page(GUILD)
    assert [entry.reason for entry in entries] == [
        "channel_ids = [4611686018427387904, 5], is_private = True",
        "ceiling = sensitive",
    ]
    assert not has_more


async def test_roles_have_limits_of_their_own_and_two_who_settle_at_once_lose_none(
    database: Database,
) -> None:
    guilds = GuildStore(database)
    kept = await asyncio.gather(
        *(
            guilds.limit_role(GUILD, MIKA, NOW, str(role), {"images_per_day": role}, roles_max=3)
            for role in (1, 2, 3)
        )
    )
    assert kept == [True, True, True]
    assert not await guilds.limit_role(GUILD, MIKA, NOW, "4", {"images_per_day": 4}, roles_max=3)
    assert await guilds.limit_role(GUILD, MIKA, NOW, "2", {}, roles_max=3)
    settled = await guilds.settings(GUILD)
    assert settled.limits == {"1": {"images_per_day": 1}, "3": {"images_per_day": 3}}
    entries, _ = await AuditLog(database).page(GUILD)
    assert entries[0].reason == "limits of role 2: none"


async def test_a_tag_is_on_one_list_at_most(database: Database) -> None:
    guilds = GuildStore(database)
    assert await guilds.list_tag(GUILD, MIKA, NOW, "gun*", "blocked")
    assert not await guilds.list_tag(GUILD, MIKA, NOW, "gun*", "blocked")
    assert await guilds.list_tag(GUILD, MIKA, NOW, "gun*", "allowed")
    settled = await guilds.settings(GUILD)
    assert (settled.blocked, settled.allowed) == ([], ["gun*"])
    assert await guilds.list_tag(GUILD, MIKA, NOW, "gun*", None)
    assert not await guilds.list_tag(GUILD, MIKA, NOW, "gun*", None)


async def test_the_terms_are_shown_once_though_many_come_first(database: Database) -> None:
    guilds = GuildStore(database)
    await guilds.settle(2, MIKA, NOW, ceiling="safe")
    for guild_id in (GUILD, 2):
        firsts = await asyncio.gather(*(guilds.show_terms(guild_id, NOW) for _ in range(8)))
        assert sorted(firsts) == [False] * 7 + [True]


async def test_a_block_holds_in_its_server_until_it_ends_or_is_lifted(database: Database) -> None:
    blocks = block_store(database)
    await blocks.block(block(ends_at=NOW + timedelta(days=1)))
    await blocks.block(block(user_id=REN))
    assert await blocks.block_of(AOI, 2, NOW) is None
    assert await blocks.block_of(AOI, None, NOW) is None
    held = await blocks.block_of(AOI, GUILD, NOW)
    assert held is not None
    assert held.ends_at == NOW + timedelta(days=1)
    assert await blocks.block_of(AOI, GUILD, NOW + timedelta(days=1)) is None
    assert await blocks.block_of(REN, GUILD, NOW + timedelta(days=999)) is not None
    assert await blocks.unblock(GUILD, REN, MIKA, NOW)
    assert not await blocks.unblock(GUILD, REN, MIKA, NOW)
    assert await blocks.block_of(REN, GUILD, NOW) is None


async def test_repeated_attempts_block_everywhere_and_old_ones_are_forgotten(database: Database) -> None:
    blocks = block_store(database)
    await blocks.record_attempt(AOI, GUILD, NOW - timedelta(days=31), "long ago")
    for minute in range(2):
        await blocks.record_attempt(AOI, GUILD, NOW + timedelta(minutes=minute), "words")
    assert await blocks.block_of(AOI, 2, NOW + timedelta(minutes=2)) is None
    third = NOW + timedelta(minutes=2)
    await blocks.record_attempt(AOI, None, third, "words")
    held = await blocks.block_of(AOI, 2, third)
    assert held is not None
    assert (held.guild_id, held.ends_at) == (EVERYWHERE, third + timedelta(days=7))
    # Moderators of a server can't lift it, the bot's owner can, and then the count begins anew.
    assert not await blocks.unblock(GUILD, AOI, MIKA, third)
    pardoned = third + timedelta(hours=1)
    assert await blocks.unblock_everywhere(AOI, MIKA, pardoned, told_to=GUILD)
    assert not await blocks.unblock_everywhere(AOI, MIKA, pardoned, told_to=GUILD)
    await blocks.record_attempt(AOI, GUILD, pardoned + timedelta(minutes=1), "words")
    assert await blocks.block_of(AOI, GUILD, pardoned + timedelta(minutes=2)) is None
    for minute in (3, 4):
        await blocks.record_attempt(AOI, GUILD, pardoned + timedelta(minutes=minute), "words")
    assert await blocks.block_of(AOI, GUILD, pardoned + timedelta(minutes=5)) is not None
    # After it has ended by itself too.
    later = third + timedelta(days=8)
    await blocks.record_attempt(AOI, GUILD, later, "words")
    assert await blocks.block_of(AOI, GUILD, later) is None
    assert await blocks.block_of(REN, GUILD, later) is None


async def report(reports: ReportStore, reporter_id: int = REN) -> Report | None:
    return await reports.report(
        job_id=JOB, guild_id=GUILD, asker_id=AOI, reporter_id=reporter_id, reason="rude", at=NOW
    )


async def test_each_deed_of_a_report_is_done_once_though_two_press(database: Database) -> None:
    reports = ReportStore(database)
    opened = await report(reports)
    assert opened is not None
    assert await report(reports, reporter_id=MIKA) is None
    hidden = await asyncio.gather(*(reports.hide(opened, by, NOW) for by in (MIKA, REN, 14)))
    assert sorted(hidden) == [False, False, True]
    blocked = await asyncio.gather(*(reports.block(opened, block()) for _ in range(3)))
    assert sorted(blocked) == [False, False, True]
    assert not await reports.dismiss(opened, MIKA, NOW)
    entries, _ = await AuditLog(database).page(GUILD, user_id=AOI)
    deeds = [Deed.BLOCKED, Deed.HIDDEN, Deed.REPORTED, Deed.REPORTED]
    assert [entry.deed for entry in entries] == deeds
    again = await report(reports, reporter_id=14)
    assert again is not None
    assert await reports.dismiss(again, MIKA, NOW)
    assert not await reports.hide(again, MIKA, NOW)
    for reporter_id in (REN, MIKA, 14):
        assert await report(reports, reporter_id) is None
    assert len((await AuditLog(database).page(GUILD, user_id=AOI))[0]) == 6
    found = await reports.find(opened.id)
    assert found is not None
    assert (found.blocked_by, found.dismissed_by) == (MIKA, None)


async def test_what_is_withheld_is_withheld_once_and_brought_when_it_is_let_go(
    database: Database, tmp_path: Path
) -> None:
    ledger, reports = JobLedger(database, PictureFiles(tmp_path)), ReportStore(database)
    assert await ledger.accept(Entry(id=JOB, user_id=AOI, guild_id=GUILD), {}) is None
    await ledger.mark_finished(JOB, [b"a picture"], NOW, 1.0)
    for _ in range(2):
        await reports.withhold(job_id=JOB, guild_id=GUILD, asker_id=AOI, reason="nsfw", at=NOW)
    found = await reports.of_job(JOB)
    assert found is not None
    assert found.is_withheld
    await ledger.mark_delivered(JOB, NOW, None)
    assert await ledger.undelivered() == []
    assert await reports.dismiss(found, MIKA, NOW)
    (left,) = await ledger.undelivered()
    assert (left.id, left.hidden_at) == (JOB, None)
    assert not await reports.dismiss(found, MIKA, NOW)
    entries, _ = await AuditLog(database).page(GUILD)
    assert [entry.deed for entry in entries] == [Deed.DISMISSED, Deed.WITHHELD]
