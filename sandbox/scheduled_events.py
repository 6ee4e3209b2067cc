"""Scheduled events of the guild: what Discord takes and refuses in them, and what becomes of them."""

from datetime import UTC, datetime, timedelta

from sandbox import objects
from sandbox.checks import malformed_is_refused
from sandbox.errors import ApiError, invalid_form, too_long
from sandbox.limits import (
    EVENT_DESCRIPTION_LENGTH,
    EVENT_LOCATION_LENGTH,
    EVENT_NAME_LENGTH,
    EVENT_YEARS_AHEAD,
    SCHEDULED_EVENTS,
)
from sandbox.world import ACTIVE, CANCELED, COMPLETED, SCHEDULED, Json, World, is_running

EXTERNAL = 3
"""Entity type of an event that isn't in a voice or stage channel; the sandbox's guild has no such channels."""

GUILD_ONLY = 2
"""The one privacy level."""

_NEXT = {SCHEDULED: (ACTIVE, CANCELED), ACTIVE: (COMPLETED,)}
"""Valid status transitions (guild scheduled event resource)."""

_KEPT = ("name", "description", "scheduled_start_time", "scheduled_end_time", "entity_metadata", "status")


def schedule(world: World, payload: Json) -> Json:
    """Add an event of the bot's.

    Raises:
        ApiError: 50035 with the field that is wrong, or 30038, too many.
    """
    for field in ("name", "scheduled_start_time", "privacy_level", "entity_type"):
        if payload.get(field) is None:
            raise invalid_form(field, "BASE_TYPE_REQUIRED", "This field is required")
    if sum(map(is_running, world.scheduled_events.values())) >= SCHEDULED_EVENTS:
        raise ApiError(
            400, 30038, f"Maximum number of uncompleted guild scheduled events reached ({SCHEDULED_EVENTS})."
        )
    event: Json = {
        "id": world.snowflakes.next(),
        "guild_id": world.guild_id,
        "channel_id": None,
        "creator_id": world.application_id,
        "creator": objects.bot_user(world),
        "name": payload["name"],
        "description": payload.get("description"),
        "image": None,
        "scheduled_start_time": payload["scheduled_start_time"],
        "scheduled_end_time": payload.get("scheduled_end_time"),
        "privacy_level": GUILD_ONLY,
        "status": SCHEDULED,
        "entity_type": EXTERNAL,
        "entity_id": None,
        "entity_metadata": payload.get("entity_metadata"),
        "user_count": 0,
        "recurrence_rule": None,
        "guild_scheduled_event_exceptions": [],
    }
    _check(event, payload)
    world.scheduled_events[event["id"]] = event
    return event


def change(event: Json, payload: Json) -> None:
    """Change what the payload names.

    Raises:
        ApiError: 50035 with the field that is wrong, or 180000, the event is over.
    """
    if not is_running(event):
        raise ApiError(400, 180000, "Cannot update a finished event")
    if "scheduled_start_time" in payload and event["status"] == ACTIVE:
        # Also if it is the same moment: seen, not documented.
        raise invalid_form(
            "scheduled_start_time", "GUILD_SCHEDULED_EVENT_INVALID_START_BY_STATUS", "It is running already."
        )
    changed = event | {field: payload[field] for field in _KEPT if field in payload}
    _check(changed, payload)
    if changed["status"] is None:
        changed["status"] = event["status"]
    if changed["status"] != event["status"] and changed["status"] not in _NEXT[event["status"]]:
        raise invalid_form("status", "TRANSITION_INVALID", "Invalid Guild Scheduled Event Status Transition")
    event |= changed


def end_what_is_over(world: World) -> list[Json]:
    """Complete running events whose end has come, as Discord does by itself within minutes; returns them."""
    ended = [
        event
        for event in world.scheduled_events.values()
        if event["status"] == ACTIVE and _moment(event, "scheduled_end_time") <= datetime.now(UTC)
    ]
    for event in ended:
        event["status"] = COMPLETED
    return ended


@malformed_is_refused("body")
def _check(event: Json, payload: Json) -> None:
    """Check an event as it would be; only those times must lie ahead that the payload names."""
    if payload.get("privacy_level", GUILD_ONLY) != GUILD_ONLY:
        raise invalid_form("privacy_level", "BASE_TYPE_CHOICES", "Value must be one of (2,).")
    if (payload.get("entity_type") or EXTERNAL) != EXTERNAL:
        raise invalid_form("channel_id", "GUILD_SCHEDULED_EVENT_CHANNEL_REQUIRED", "There is no such channel")
    if payload.get("channel_id") is not None:
        raise invalid_form("channel_id", "GUILD_SCHEDULED_EVENT_CHANNEL_UNSUPPORTED", "Not for external ones")
    _check_length("name", event["name"], EVENT_NAME_LENGTH)
    if event["description"] is not None:
        _check_length("description", event["description"], EVENT_DESCRIPTION_LENGTH)
    _check_length(
        "entity_metadata.location", (event["entity_metadata"] or {}).get("location"), EVENT_LOCATION_LENGTH
    )
    if event["scheduled_end_time"] is None:
        raise invalid_form("scheduled_end_time", "BASE_TYPE_REQUIRED", "This field is required")
    now = datetime.now(UTC)
    start, end = _moment(event, "scheduled_start_time"), _moment(event, "scheduled_end_time")
    for field, moment in (("scheduled_start_time", start), ("scheduled_end_time", end)):
        if field in payload and moment <= now:
            raise invalid_form(
                field, "GUILD_SCHEDULED_EVENT_SCHEDULE_PAST", "Cannot schedule event in the past."
            )
        if moment > now + timedelta(days=365 * EVENT_YEARS_AHEAD):
            raise invalid_form(field, "GUILD_SCHEDULED_EVENT_SCHEDULE_FUTURE", "This is too far away.")
    if end <= start:
        raise invalid_form(
            "scheduled_end_time", "GUILD_SCHEDULED_EVENT_END_BEFORE_START", "It must end after it starts."
        )


def _check_length(path: str, text: str | None, longest: int) -> None:
    if not text:
        raise invalid_form(path, "BASE_TYPE_REQUIRED", "This field is required")
    if len(text) > longest:
        raise too_long(path, longest)


def _moment(event: Json, field: str) -> datetime:
    moment = datetime.fromisoformat(event[field])
    if moment.tzinfo is None:
        raise ValueError(f"{field} has no time zone")
    return moment
