"""What the service asks of whoever remembers jobs. The real one is `storage/job_store.py`, handed in from outside."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyAddress:
    """The message that waits for a job's result, and the right to edit it; only delivery reads this.

    `token` is valid until `token_ends_at`; after that, and where it is None, the result comes as a new message.
    `file_limit_bytes` is the largest file that the place takes. Where `is_private`, only the asker may see the result.
    """

    token: str | None = field(repr=False)
    token_ends_at: datetime
    message_id: int
    file_limit_bytes: int
    is_private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEntry:
    """A job as it is stored when it is accepted. `record` is what `job_record.py` makes of it."""

    id: str
    user_id: int
    guild_id: int | None
    channel_id: int
    accepted_at: datetime
    image_count: int
    cost: float
    weight: float
    record: Mapping[str, Any]
    interaction_token: str | None = field(repr=False)
    token_ends_at: datetime | None
    message_id: int | None
    file_limit_bytes: int | None
    occasion: str | None = None


class StoredJob(Protocol):
    """A stored job, read back."""

    @property
    def id(self) -> str: ...  # noqa: D102 - the fields of JobEntry
    @property
    def user_id(self) -> int: ...  # noqa: D102 - its class tells
    @property
    def guild_id(self) -> int | None: ...  # noqa: D102 - its class tells
    @property
    def channel_id(self) -> int: ...  # noqa: D102 - its class tells
    @property
    def accepted_at(self) -> datetime: ...  # noqa: D102 - its class tells
    @property
    def weight(self) -> float: ...  # noqa: D102 - its class tells
    @property
    def record(self) -> Mapping[str, Any]: ...  # noqa: D102 - its class tells
    @property
    def interaction_token(self) -> str | None: ...  # noqa: D102 - its class tells
    @property
    def token_ends_at(self) -> datetime | None: ...  # noqa: D102 - its class tells
    @property
    def message_id(self) -> int | None: ...  # noqa: D102 - its class tells
    @property
    def file_limit_bytes(self) -> int | None: ...  # noqa: D102 - its class tells
    @property
    def post_nonce(self) -> str | None: ...  # noqa: D102 - its class tells
    @property
    def occasion(self) -> str | None: ...  # noqa: D102 - its class tells
    @property
    def state(self) -> str:
        """One of "queued", "running", "finished", "failed", "cancelled"."""

    @property
    def result_channel_id(self) -> int | None: ...  # noqa: D102 - its class tells
    @property
    def result_message_id(self) -> int | None: ...  # noqa: D102 - its class tells
    @property
    def erased_at(self) -> datetime | None: ...  # noqa: D102 - its class tells
    @property
    def hidden_at(self) -> datetime | None: ...  # noqa: D102 - its class tells
    @property
    def cancel_asked_at(self) -> datetime | None: ...  # noqa: D102 - its class tells
    @property
    def interruptions(self) -> int:
        """How often a process ended or fell silent while it drew the job, without having been asked to."""

    @property
    def drawing_s(self) -> float | None:
        """How long a finished job was drawn."""

    @property
    def failure(self) -> Mapping[str, Any] | None:
        """Why a failed job failed, as `job_record.py` wrote it."""


class HeldJob(Protocol):
    """What the store says of a job that is held."""

    @property
    def is_over(self) -> bool:
        """Whether it has ended, and only has to be told."""

    @property
    def is_called_off(self) -> bool:
        """Whether somebody asked to call it off."""


class QuotaReached(Protocol):
    """Why a job was not accepted."""

    @property
    def quota(self) -> str:
        """The value of a `Limit`."""

    @property
    def allowed(self) -> int:
        """How much it allows."""

    @property
    def frees_at(self) -> datetime | None:
        """When there will be a place, where the store knows."""


class JobStore(Protocol):
    """The ledger of jobs. When a method returns, what it says is on disk.

    A method that raises what it doesn't name can't be asked now: what it was to write may be there or not, and it may
    be asked again.

    Several processes may share it: each job is held by one of them, which renews its hold from time to time. What a
    process writes of a job's course is refused after another one took the job over.
    """

    async def accept(
        self, job: JobEntry, quotas: Mapping[str, int], sources: Sequence[bytes] = ()
    ) -> QuotaReached | None:
        """Store a job as queued, unless one of the quotas (by the values of `Limit`) has no place for it.

        `sources` are the files of pictures that it starts from.

        Raises:
            OSError: the disk is full, or can't be written.
        """

    @property
    def lease(self) -> timedelta:
        """How long a job is held by a process that renews nothing."""

    async def take_over(
        self, now: datetime, *, with_earlier_runs: bool, with_unfinished: bool
    ) -> Sequence[StoredJob]:
        """Hold the jobs whose askers still wait and that no living process holds, in the order of their acceptance.

        With those of earlier runs of this process, whether or not it seems that they still live, and with those that
        have not ended, where they are asked for.
        """

    async def renew(self, now: datetime) -> Mapping[str, HeldJob]:
        """Go on holding what is held; returns all of it, by the jobs' ids."""

    async def hold(self, job_ids: Sequence[str], now: datetime) -> Collection[str]:
        """Go on holding these jobs; returns those that are held."""

    async def take(self, job_id: str, now: datetime) -> bool:
        """Hold this job, also one that was told once; False where another process holds it."""

    async def let_go(self, job_id: str) -> None:
        """Hold this job no longer; whoever looks next may take it."""

    async def ask_to_cancel(self, user_id: int, at: datetime, job_id: str | None = None) -> int:
        """Ask whoever holds them to call off a person's jobs, or only one; returns how many are not over yet."""

    async def mark_running(self, job_id: str) -> bool:
        """The engine has it; False where it isn't held any more."""

    async def put_back(self, job_ids: Sequence[str]) -> None:
        """Their drawing was interrupted on purpose: they wait again, as if it had not begun."""

    async def mark_finished(
        self, job_id: str, pictures: Sequence[bytes], ended_at: datetime, drawing_s: float
    ) -> bool:
        """Keep its PNG files; it has ended. False where it isn't held any more.

        Raises:
            OSError: the disk is full, or can't be written.
        """

    async def mark_failed(self, job_id: str, failure: Mapping[str, Any], ended_at: datetime) -> bool:
        """It ended without pictures. False where it isn't held any more."""

    async def mark_cancelled(self, job_id: str, ended_at: datetime) -> bool:
        """Its asker called it off. False where it isn't held any more."""

    async def mark_delivered(
        self, job_id: str, delivered_at: datetime, message: tuple[int, int] | None = None
    ) -> None:
        """Its asker has been told how it ended, by the message of this channel and id; not while it goes on."""

    async def will_post(self, job_ids: Sequence[str], nonce: str) -> None:
        """Their results are about to be posted in one message, under this nonce."""

    async def unfinished(self, user_id: int) -> Sequence[StoredJob]:
        """A person's jobs that wait or run, whoever holds them."""

    async def undelivered(self) -> Sequence[StoredJob]:
        """Held jobs that have ended, and whose askers have not been told."""

    async def count_finished(self, user_id: int) -> int:
        """How many finished jobs a person has."""

    async def finished(self, user_id: int, number: int) -> StoredJob | None:
        """A person's finished job of this number, the oldest being 1."""

    async def find(self, job_id: str) -> StoredJob | None:
        """The job of this id."""

    async def sources(self, job_id: str) -> Sequence[bytes]:
        """The files that a job starts from, in their order; empty where they were cleaned away."""

    async def pictures(self, job_id: str) -> Sequence[bytes]:
        """The PNG files of a finished job, in their order; empty where they were cleaned away."""


class ForgetfulStore:
    """Keeps nothing and limits nothing: for one person at a terminal, who waits for the picture."""

    lease = timedelta.max

    async def accept(self, job: JobEntry, quotas: Mapping[str, int], sources: Sequence[bytes] = ()) -> None:
        """Accept everything."""

    async def take_over(
        self, now: datetime, *, with_earlier_runs: bool, with_unfinished: bool
    ) -> Sequence[StoredJob]:
        """There is none."""
        return ()

    async def renew(self, now: datetime) -> Mapping[str, HeldJob]:
        """There is none."""
        return {}

    async def hold(self, job_ids: Sequence[str], now: datetime) -> Collection[str]:
        """Nobody else could have them."""
        return job_ids

    async def take(self, job_id: str, now: datetime) -> bool:
        """Nobody else could have it."""
        return True

    async def let_go(self, job_id: str) -> None:
        """Nobody else could have it."""

    async def ask_to_cancel(self, user_id: int, at: datetime, job_id: str | None = None) -> int:
        """There is nobody to ask."""
        return 0

    async def mark_running(self, job_id: str) -> bool:
        """Nothing to keep."""
        return True

    async def put_back(self, job_ids: Sequence[str]) -> None:
        """Nothing to keep."""

    async def mark_finished(
        self, job_id: str, pictures: Sequence[bytes], ended_at: datetime, drawing_s: float
    ) -> bool:
        """Nothing to keep."""
        return True

    async def mark_failed(self, job_id: str, failure: Mapping[str, Any], ended_at: datetime) -> bool:
        """Nothing to keep."""
        return True

    async def mark_cancelled(self, job_id: str, ended_at: datetime) -> bool:
        """Nothing to keep."""
        return True

    async def mark_delivered(
        self, job_id: str, delivered_at: datetime, message: tuple[int, int] | None = None
    ) -> None:
        """Nothing to keep."""

    async def will_post(self, job_ids: Sequence[str], nonce: str) -> None:
        """Nothing to keep."""

    async def unfinished(self, user_id: int) -> Sequence[StoredJob]:
        """There is none."""
        return ()

    async def undelivered(self) -> Sequence[StoredJob]:
        """There is none."""
        return ()

    async def count_finished(self, user_id: int) -> int:
        """There is none."""
        return 0

    async def finished(self, user_id: int, number: int) -> None:
        """There is none."""

    async def find(self, job_id: str) -> None:
        """There is none."""

    async def sources(self, job_id: str) -> Sequence[bytes]:
        """There is none."""
        return ()

    async def pictures(self, job_id: str) -> Sequence[bytes]:
        """There is none."""
        return ()
