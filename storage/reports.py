"""Pictures that were reported or withheld, and what moderators did about them, each thing once."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from storage.audit import AuditEntry, Deed, write_down
from storage.blocks import Block, write_block
from storage.database import Database
from storage.tables import AuditRow, JobRow, ReportRow

BY_THE_BOT = 0
"""The reporter of what the output check withheld."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A row of `reports`; see there."""

    id: str
    job_id: str
    guild_id: int
    asker_id: int
    reporter_id: int
    reason: str
    reported_at: datetime
    hidden_by: int | None = None
    blocked_by: int | None = None
    dismissed_by: int | None = None

    @property
    def is_withheld(self) -> bool:
        """Whether the output check kept the picture back, rather than somebody reporting it."""
        return self.reporter_id == BY_THE_BOT


class ReportStore:
    """Queries over `reports`. Each deed returns whether this call did it; of two at once it is one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def report(
        self, *, job_id: str, guild_id: int, asker_id: int, reporter_id: int, reason: str, at: datetime
    ) -> Report | None:
        """Open a report; None where one of the same picture is open, which then has this one's reason beside it.

        Somebody's second report of a picture is none: the audit isn't theirs to fill.
        """
        report = Report(
            id=secrets.token_hex(8),
            job_id=job_id,
            guild_id=guild_id,
            asker_id=asker_id,
            reporter_id=reporter_id,
            reason=reason,
            reported_at=at,
        )
        theirs = select(AuditRow.id).where(
            AuditRow.user_id == asker_id,
            AuditRow.deed == Deed.REPORTED.value,
            AuditRow.job_id == job_id,
            AuditRow.actor_id == reporter_id,
        )
        async with self._database.locked(f"report {job_id}") as connection:
            if (await connection.execute(theirs)).first() is not None:
                return None
            await write_down(
                connection,
                AuditEntry(
                    guild_id=guild_id,
                    at=at,
                    actor_id=reporter_id,
                    deed=Deed.REPORTED,
                    user_id=asker_id,
                    job_id=job_id,
                    reason=reason,
                ),
            )
            is_open = select(ReportRow.id).where(
                ReportRow.job_id == job_id, ReportRow.hidden_by.is_(None), ReportRow.dismissed_by.is_(None)
            )
            if (await connection.execute(is_open)).first() is not None:
                return None
            await connection.execute(ReportRow.__table__.insert().values(**_columns(report)))  # type: ignore[attr-defined]
        return report

    async def withhold(self, *, job_id: str, guild_id: int, asker_id: int, reason: str, at: datetime) -> None:
        """Hide a picture that nobody has seen yet, for the moderators to look at."""
        async with self._database.locked(f"report {job_id}") as connection:
            known = select(ReportRow.id).where(ReportRow.job_id == job_id)
            if (await connection.execute(known)).first() is not None:
                return
            await connection.execute(update(JobRow).where(JobRow.id == job_id).values(hidden_at=at))
            report = Report(
                id=secrets.token_hex(8),
                job_id=job_id,
                guild_id=guild_id,
                asker_id=asker_id,
                reporter_id=BY_THE_BOT,
                reason=reason,
                reported_at=at,
                hidden_by=BY_THE_BOT,
            )
            await connection.execute(ReportRow.__table__.insert().values(**_columns(report)))  # type: ignore[attr-defined]
            entry = AuditEntry(
                guild_id=guild_id,
                at=at,
                actor_id=0,
                deed=Deed.WITHHELD,
                user_id=asker_id,
                job_id=job_id,
                reason=reason,
            )
            await write_down(connection, entry)

    async def find(self, report_id: str) -> Report | None:
        """Return a report by its id."""
        return await self._one(ReportRow.id == report_id)

    async def of_job(self, job_id: str) -> Report | None:
        """Return the newest report of a job."""
        return await self._one(ReportRow.job_id == job_id)

    async def hide(self, report: Report, by: int, at: datetime) -> bool:
        """Hide the reported pictures."""
        async with self._database.writing() as connection:
            done = await connection.execute(
                update(ReportRow)
                .where(
                    ReportRow.id == report.id, ReportRow.hidden_by.is_(None), ReportRow.dismissed_by.is_(None)
                )
                .values(hidden_by=by)
            )
            if not done.rowcount:
                return False
            await connection.execute(update(JobRow).where(JobRow.id == report.job_id).values(hidden_at=at))
            await write_down(connection, _entry(report, by, at, Deed.HIDDEN))
        return True

    async def block(self, report: Report, block: Block) -> bool:
        """Block the asker of the reported pictures."""
        async with self._database.writing() as connection:
            done = await connection.execute(
                update(ReportRow)
                .where(
                    ReportRow.id == report.id,
                    ReportRow.blocked_by.is_(None),
                    ReportRow.dismissed_by.is_(None),
                )
                .values(blocked_by=block.blocked_by)
            )
            if not done.rowcount:
                return False
            await write_block(connection, block)
        return True

    async def dismiss(self, report: Report, by: int, at: datetime) -> bool:
        """Find nothing wrong with them: what was withheld has to be brought to its asker, under another nonce."""
        async with self._database.writing() as connection:
            open_ones = [
                ReportRow.id == report.id,
                ReportRow.dismissed_by.is_(None),
                ReportRow.blocked_by.is_(None),
            ]
            if not report.is_withheld:
                open_ones.append(ReportRow.hidden_by.is_(None))
            done = await connection.execute(update(ReportRow).where(*open_ones).values(dismissed_by=by))
            if not done.rowcount:
                return False
            if report.is_withheld:
                await connection.execute(
                    update(JobRow)
                    .where(JobRow.id == report.job_id)
                    .values(hidden_at=None, delivered_at=None, post_nonce=f"{report.job_id}-shown")
                )
            await write_down(connection, _entry(report, by, at, Deed.DISMISSED))
        return True

    async def _one(self, which: object) -> Report | None:
        async with self._database.reading() as connection:
            query = select(ReportRow.__table__).where(which)  # type: ignore[arg-type]
            rows = (
                await connection.execute(query.order_by(ReportRow.reported_at.desc()).limit(1))
            ).mappings()
            row = rows.one_or_none()
        return None if row is None else Report(**row)


def _columns(report: Report) -> dict[str, object]:
    return {column.name: getattr(report, column.name) for column in ReportRow.__table__.c}


def _entry(report: Report, by: int, at: datetime, deed: Deed) -> AuditEntry:
    return AuditEntry(
        guild_id=report.guild_id,
        at=at,
        actor_id=by,
        deed=deed,
        user_id=report.asker_id,
        job_id=report.job_id,
        reason=report.reason,
    )
