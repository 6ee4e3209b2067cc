"""The tables. A change here needs a migration beside it, in `migrations/versions/`."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. SQLite keeps no time zone, so all go in and come out as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn any aware instant into UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Say that it is UTC, where the database doesn't."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """What all tables belong to."""

    type_annotation_map: ClassVar = {
        datetime: UtcDateTime,
        int: BigInteger,
        float: Double,
        dict[str, Any]: JSON,
        list[str]: JSON,
        list[int]: JSON,
    }


class JobRow(Base):
    """A job: who asked for what and where, how far it is, and how its message can be reached.

    `state` is one of `job_ledger.JobState`. `record` is what the job is drawn from, `failure` why it ended without a
    picture; both belong to whoever stores them. `interaction_token` is emptied when it is of no use any more. After
    `erased_at` the row is empty, and only counts. `result_channel_id` and `result_message_id` are where the result was
    brought, which may be another message than the one that waited for it. After `hidden_at` its pictures are for
    moderators alone. `occasion` is the id of the event that it was asked for, if any. `owner` is the process that has
    it in hand until `leased_until`, see `job_leases.py`; after `cancel_asked_at` that one is to call it off.
    `interruptions` counts how often a process ended or fell silent while it drew it, without having been asked to.
    """

    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    user_id: Mapped[int]
    guild_id: Mapped[int | None]
    channel_id: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    accepted_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    image_count: Mapped[int]
    cost: Mapped[float]
    weight: Mapped[float]
    drawing_s: Mapped[float | None]
    record: Mapped[dict[str, Any]]
    failure: Mapped[dict[str, Any] | None]
    interaction_token: Mapped[str | None] = mapped_column(String(512))
    token_ends_at: Mapped[datetime | None]
    message_id: Mapped[int | None]
    file_limit_bytes: Mapped[int | None]
    post_nonce: Mapped[str | None] = mapped_column(String(25))
    result_channel_id: Mapped[int | None]
    result_message_id: Mapped[int | None]
    erased_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    occasion: Mapped[str | None] = mapped_column(String(16))
    owner: Mapped[str | None] = mapped_column(String(80))
    leased_until: Mapped[datetime | None]
    cancel_asked_at: Mapped[datetime | None]
    interruptions: Mapped[int] = mapped_column(default=0, server_default="0")

    __table_args__ = (
        Index("jobs_by_person", "user_id", "accepted_at"),
        Index("jobs_by_guild", "guild_id", "accepted_at"),
        Index("jobs_by_state", "state", "accepted_at"),
        Index("jobs_by_delivery", "delivered_at", "state"),
        Index("jobs_by_occasion", "occasion", "user_id"),
    )


class ImageRow(Base):
    """A finished picture of a job, by its file's hash; `removed_at` when the file was cleaned away."""

    __tablename__ = "images"

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    file_hash: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int]
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    __table_args__ = (Index("images_by_file", "file_hash"),)


class SourceRow(Base):
    """A picture that a job is drawn over, or steered by, by its file's hash."""

    __tablename__ = "sources"

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    file_hash: Mapped[str] = mapped_column(String(64))

    __table_args__ = (Index("sources_by_file", "file_hash"),)


class FavouriteRow(Base):
    """A picture that somebody saved, be it their own or another's; its file is kept as long."""

    __tablename__ = "favourites"

    user_id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    saved_at: Mapped[datetime]


class PresetRow(Base):
    """Options under a name: a person's own, or a server's (`owner_kind` "person" or "guild")."""

    __tablename__ = "presets"

    owner_kind: Mapped[str] = mapped_column(String(6), primary_key=True)
    owner_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    options: Mapped[dict[str, Any]]
    created_by: Mapped[int]
    created_at: Mapped[datetime]


class PersonRow(Base):
    """What a person has settled for themselves: usual options, and a picture to be drawn over.

    `reference_described` is the prompt that the picture's file told.
    """

    __tablename__ = "people"

    user_id: Mapped[int] = mapped_column(primary_key=True)
    defaults: Mapped[dict[str, Any]]
    reference: Mapped[bytes | None]
    reference_described: Mapped[str | None] = mapped_column(Text)


class WildcardRow(Base):
    """A person's own list for prompts with chance."""

    __tablename__ = "wildcards"

    user_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    entries: Mapped[list[str]]


class GuildRow(Base):
    """What a server's moderators have settled. `ceiling` and `language` are None where nothing was.

    `channel_ids` are those where the bot draws, all if there are none. `limits` holds limits by role, by their ids
    and names. `blocked` and `allowed` are tags and patterns. Where `is_private`, results are for their askers alone.
    """

    __tablename__ = "guilds"

    guild_id: Mapped[int] = mapped_column(primary_key=True)
    ceiling: Mapped[str | None] = mapped_column(String(9))
    channel_ids: Mapped[list[int]]
    language: Mapped[str | None] = mapped_column(String(10))
    log_channel_id: Mapped[int | None]
    limits: Mapped[dict[str, Any]]
    blocked: Mapped[list[str]]
    allowed: Mapped[list[str]]
    is_private: Mapped[bool]
    terms_shown_at: Mapped[datetime | None]


class BlockRow(Base):
    """Somebody who may not draw in a server; `guild_id` 0 is everywhere. `ends_at` None is until it is lifted."""

    __tablename__ = "blocks"

    guild_id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True)
    blocked_by: Mapped[int]
    reason: Mapped[str] = mapped_column(String(400))
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]


class ReportRow(Base):
    """A picture that somebody reported, or that the output check withheld (`reporter_id` 0); each deed has a doer."""

    __tablename__ = "reports"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    job_id: Mapped[str] = mapped_column(String(16))
    guild_id: Mapped[int]
    asker_id: Mapped[int]
    reporter_id: Mapped[int]
    reason: Mapped[str] = mapped_column(String(400))
    reported_at: Mapped[datetime]
    hidden_by: Mapped[int | None]
    blocked_by: Mapped[int | None]
    dismissed_by: Mapped[int | None]

    __table_args__ = (Index("reports_by_job", "job_id"),)


class AuditRow(Base):
    """Who did what, when and why. `actor_id` 0 is the bot itself, `user_id` whom it concerns."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    guild_id: Mapped[int | None]
    at: Mapped[datetime]
    actor_id: Mapped[int]
    deed: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[int | None]
    job_id: Mapped[str | None] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(1000))

    __table_args__ = (
        Index("audit_by_guild", "guild_id", "id"),
        Index("audit_by_person", "user_id", "deed", "at"),
    )


class ReloadRow(Base):
    """One row: how often the processes were asked to read their settings again."""

    __tablename__ = "reloads"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
