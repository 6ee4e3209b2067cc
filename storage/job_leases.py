"""Leases of jobs: each unfinished or untold job is in the hands of one process, until a moment that it keeps moving.

The statements only; `JobLedger` runs them in its transactions.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, Update, or_, select, update

from storage.tables import JobRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """In whose name this run of the program holds jobs, and how long it may be silent before another takes them.

    `instance` is what the program is called across restarts. A new run of an instance is the successor of all
    earlier ones, whose jobs it takes at once.
    """

    instance: str = "all"
    lasts: timedelta = timedelta(seconds=60)
    run: str = field(default_factory=lambda: secrets.token_hex(4))

    @property
    def owner(self) -> str:
        """What stands in the rows of the jobs that this run holds."""
        return f"{self.instance}:{self.run}"

    @property
    def is_held(self) -> ColumnElement[bool]:
        """Whether this run holds a job."""
        return JobRow.owner == self.owner

    def free(self, now: datetime, *, with_earlier_runs: bool) -> Select[str]:
        """Choose the jobs whose askers still wait and that nobody holds any more; locks them where that can be."""
        is_free = self._is_free(now, with_earlier_runs=with_earlier_runs)
        return (
            select(JobRow.id)
            .where(JobRow.delivered_at.is_(None), ~self.is_held | JobRow.owner.is_(None), is_free)
            # PostgreSQL passes over what another process is taking; SQLite has one writer at a time.
            .with_for_update(skip_locked=True)
        )

    def taking(self, job_ids: Collection[str], now: datetime) -> Update:
        """Take jobs that were chosen in the same transaction."""
        values = {"owner": self.owner, "leased_until": now + self.lasts}
        return update(JobRow).where(JobRow.id.in_(job_ids)).values(values)

    def taking_if_free(self, job_id: str, now: datetime) -> Update:
        """Take one job, told or not, that nobody else holds."""
        return self.taking([job_id], now).where(self._is_free(now, with_earlier_runs=True))

    def letting_go(self, job_id: str) -> Update:
        """Hold a job no longer, where it is still in this run's hands."""
        values = {"owner": None, "leased_until": None}
        return update(JobRow).where(JobRow.id == job_id, self.is_held).values(values)

    def renewing(self, now: datetime, job_ids: Collection[str] | None = None) -> Update:
        """Hold on to jobs, all of them unless some are named, that are still in this run's hands."""
        which = [self.is_held, JobRow.delivered_at.is_(None)]
        if job_ids is not None:
            which.append(JobRow.id.in_(job_ids))
        return update(JobRow).where(*which).values(leased_until=now + self.lasts)

    def _is_free(self, now: datetime, *, with_earlier_runs: bool) -> ColumnElement[bool]:
        """Whether no living process holds a job; with the runs of this instance, this one too."""
        is_free = or_(JobRow.owner.is_(None), JobRow.leased_until <= now)
        if with_earlier_runs:
            is_free |= JobRow.owner.startswith(f"{self.instance}:", autoescape=True)
        return is_free
