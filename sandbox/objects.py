"""Discord's objects as JSON: users, members, channels, the guild, the application."""

from datetime import UTC, datetime

from sandbox.permissions import EVERYONE
from sandbox.snowflakes import created_at_s
from sandbox.world import (
    DIRECT,
    FORUM,
    PUBLIC_THREAD,
    Channel,
    Json,
    Person,
    Role,
    World,
    discriminating_hash,
    is_running,
)


def user(person: Person) -> Json:
    """A person's user object."""
    return {
        "id": person.id,
        "username": person.name.lower(),
        "global_name": person.name,
        "discriminator": "0",
        "avatar": None,
        "bot": False,
        "public_flags": 0,
    }


def bot_user(world: World) -> Json:
    """The bot's user object."""
    return {
        "id": world.application_id,
        "username": world.application_name,
        "global_name": None,
        "discriminator": "0000",
        "avatar": None,
        "bot": True,
        "public_flags": 0,
        "verified": True,
        "mfa_enabled": False,
        "flags": 0,
    }


def member(world: World, person: Person) -> Json:
    """A person as a member of the guild, with the permissions that interactions carry."""
    joined_at = person.joined_at.isoformat() if person.joined_at else _moment(world.guild_id)
    return {
        **_membership(joined_at),
        "user": user(person),
        "roles": world.roles_of(person),
        "permissions": str(int(person.permissions)),
    }


def bot_member(world: World) -> Json:
    """The bot as a member of the guild."""
    return {**_membership(_moment(world.guild_id)), "user": bot_user(world), "roles": [world.bot_role_id]}


def channel(world: World, it: Channel) -> Json:
    """A channel object."""
    if it.type == DIRECT:
        recipients = [user(world.person(it.recipient_id))] if it.recipient_id else []
        return {"id": it.id, "type": DIRECT, "recipients": recipients, "last_message_id": None}
    shared = {
        "id": it.id,
        "type": it.type,
        "guild_id": world.guild_id,
        "name": it.name,
        "last_message_id": next(reversed(it.messages), None),
        "rate_limit_per_user": 0,
        "flags": 0,
        "parent_id": it.parent_id,
    }
    if it.type == PUBLIC_THREAD:
        joined = {"id": it.id, "user_id": world.application_id, "join_timestamp": _moment(it.id), "flags": 0}
        own = {"member": joined} if world.application_id in it.member_ids else {}
        return (
            shared
            | own
            | {
                "owner_id": world.application_id,
                "message_count": len(it.messages),
                "member_count": len(it.member_ids),
                "total_message_sent": len(it.messages),
                "thread_metadata": {
                    "archived": it.is_archived,
                    "auto_archive_duration": 1440,
                    "archive_timestamp": _moment(it.id),
                    "locked": it.is_locked,
                    "create_timestamp": _moment(it.id),
                },
            }
        )
    denied = {"id": world.application_id, "type": 1, "allow": "0", "deny": str(int(it.bot_lacks))}
    described = shared | {
        "position": list(world.channels).index(it.id),
        "topic": it.topic or None,
        "nsfw": it.is_nsfw,
        "permission_overwrites": [denied] if it.bot_lacks else [],
    }
    if it.type == FORUM:
        posts = [other.id for other in world.channels.values() if other.parent_id == it.id]
        described |= {
            "last_message_id": posts[-1] if posts else None,
            "available_tags": [],
            "default_reaction_emoji": None,
            "default_sort_order": None,
            "default_forum_layout": 0,
        }
    return described


def guild(world: World) -> Json:
    """The guild object."""
    return {
        "id": world.guild_id,
        "name": world.guild_name,
        "icon": None,
        "splash": None,
        "discovery_splash": None,
        "banner": None,
        "description": None,
        "owner_id": world.owner.id,
        "region": "local",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "verification_level": 0,
        "default_message_notifications": 1,
        "explicit_content_filter": 2,
        "mfa_level": 0,
        "nsfw_level": 0,
        "nsfw": False,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": "en-US",
        "system_channel_id": None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "public_updates_channel_id": None,
        "safety_alerts_channel_id": None,
        "application_id": None,
        "vanity_url_code": None,
        "premium_progress_bar_enabled": False,
        "features": [],
        "emojis": [],
        "stickers": [],
        "roles": roles(world),
    }


def roles(world: World) -> list[Json]:
    """All role objects of the guild; @everyone has the guild's id."""
    return [_role(it, world) for it in (Role(world.guild_id, "@everyone", 0, EVERYONE), *world.roles)]


def guild_create(world: World) -> Json:
    """The guild as the gateway brings it after READY. Of the members, a bot without their intent sees itself."""
    channels = [it for it in world.channels.values() if it.type != DIRECT]
    return guild(world) | {
        "joined_at": _moment(world.guild_id),
        "large": False,
        "unavailable": False,
        "member_count": len(world.people) + 1,
        "members": [bot_member(world)],
        "channels": [channel(world, it) for it in channels if it.type != PUBLIC_THREAD],
        "threads": [channel(world, it) for it in channels if it.type == PUBLIC_THREAD and not it.is_archived],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [it for it in world.scheduled_events.values() if is_running(it)],
        "soundboard_sounds": [],
    }


def application(world: World) -> Json:
    """The application object; the guild's moderator owns it."""
    return {
        "id": world.application_id,
        "name": world.application_name,
        "icon": None,
        "description": "Draws with Animagine XL 4.0",
        "summary": "",
        "type": None,
        "bot": bot_user(world),
        "bot_public": True,
        "bot_require_code_grant": False,
        "integration_types_config": {"0": {}, "1": {}},
        "verify_key": discriminating_hash(world.application_id),
        "flags": 0,
        "owner": user(world.owner),
        "team": None,
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "approximate_guild_count": 1,
    }


def _membership(joined_at: str) -> Json:
    return {
        "nick": None,
        "avatar": None,
        "joined_at": joined_at,
        "premium_since": None,
        "communication_disabled_until": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
    }


def _role(it: Role, world: World) -> Json:
    tags = {"tags": {"bot_id": world.application_id}} if it.is_managed else {}
    return tags | {
        "id": it.id,
        "name": it.name,
        "permissions": str(int(it.permissions)),
        "position": it.position,
        "color": it.colour,
        "colors": {"primary_color": it.colour, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "icon": None,
        "unicode_emoji": None,
        "managed": it.is_managed,
        "mentionable": False,
        "flags": 0,
    }


def _moment(snowflake: str) -> str:
    return datetime.fromtimestamp(created_at_s(snowflake), UTC).isoformat()
