"""Routes by which a bot answers interactions: the callback, and the webhook of the interaction's token."""

from typing import Any

from aiohttp import web

from sandbox import objects
from sandbox.bodies import Body
from sandbox.checks import check_choices, check_modal, flags_of, malformed_is_refused
from sandbox.context import Discord
from sandbox.errors import invalid_form, unknown_message
from sandbox.interactions import AUTOCOMPLETE, COMPONENT, MODAL_SUBMIT, Interaction
from sandbox.residents import shown
from sandbox.rest.routing import Call, Router
from sandbox.world import EPHEMERAL, LOADING, Json

MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
"""Callback types (receiving-and-responding)."""

CHAT_INPUT_COMMAND_MESSAGE, REPLY = 20, 19
"""Message types (message resource)."""


def add_routes(router: Router) -> None:
    """Register them. Callbacks are under no rate limit; the rest is under the token's."""
    router.add(
        "POST",
        "/interactions/{interaction_id}/{token}/callback",
        _callback,
        needs_token=False,
        is_limited=False,
    )
    base = "/webhooks/{application_id}/{token}"
    for method, path, route in (
        ("POST", base, _follow_up),
        ("GET", base + "/messages/{message_id}", _get),
        ("PATCH", base + "/messages/{message_id}", _edit),
        ("DELETE", base + "/messages/{message_id}", _delete),
    ):
        router.add(method, path, route, needs_token=False, bucket=_token_bucket)


def _token_bucket(request: web.Request, discord: Discord) -> tuple[str, tuple[int, float]]:
    return f"interaction-webhook {request.match_info['token']}", discord.limits.interaction_token_rate


async def _callback(call: Call) -> Json | None:
    discord = call.discord
    with malformed_is_refused("type"):
        callback_type = int(call.body.json.get("type", 0))
        body = _data_of(call.body)
    interaction = discord.interactions.acknowledge(call["interaction_id"], call["token"], callback_type)
    try:
        outcome = await _respond(discord, interaction, callback_type, body)
    except BaseException:
        interaction.callback_type = None  # a refused response was none
        raise
    discord.interactions.answer(interaction, {"callback_type": callback_type, **outcome})
    if call.query.get("with_response", "").lower() not in ("true", "1"):
        return None
    return _described(interaction, callback_type)


async def _respond(discord: Discord, interaction: Interaction, callback_type: int, body: Body) -> Json:
    """Do what the first response says; returns what the person's page shows at once."""
    is_from_component = interaction.source is not None and interaction.type in (COMPONENT, MODAL_SUBMIT)
    match callback_type:
        case 4 | 5:
            if callback_type == DEFERRED_MESSAGE:
                body = Body({"flags": flags_of(body.json) & EPHEMERAL})
            interaction.original = await _post(
                discord, interaction, body, flags=LOADING if callback_type == DEFERRED_MESSAGE else 0
            )
            return {"message": interaction.original}
        case 6 | 7 if is_from_component:
            interaction.original = interaction.source
            if callback_type == UPDATE and interaction.source is not None:
                await discord.messages.edit(interaction.source, body)
            return {"message": interaction.original}
        case 8 if interaction.type == AUTOCOMPLETE:
            check_choices(body.json.get("choices") or [])
            return {"choices": body.json.get("choices") or []}
        case 9 if interaction.type not in (MODAL_SUBMIT, AUTOCOMPLETE):
            check_modal(body.json)
            return {"modal": body.json}
    raise invalid_form("type", "BASE_TYPE_CHOICES", "Not a response to this kind of interaction.")


async def _follow_up(call: Call) -> Json:
    discord = call.discord
    interaction = discord.interactions.by_token(call["application_id"], call["token"])
    original = interaction.original
    if original is not None and original["flags"] & LOADING and discord.world.find_message(original["id"]):
        # Deprecated, and still so: the first follow-up takes the place of a deferred message.
        return shown(await discord.messages.edit(original, call.body, is_answer=True))
    if not flags_of(call.body.json) & EPHEMERAL:
        bucket = f"public-follow-ups {interaction.channel.id}"
        discord.rate_limiter.take_hidden(bucket, discord.limits.public_follow_up_rate)
    return shown(await _post(discord, interaction, call.body, is_follow_up=True))


async def _get(call: Call) -> Json:
    return shown(_message(call))


async def _edit(call: Call) -> Json:
    message = _message(call)
    is_answer = bool(message["flags"] & LOADING)
    return shown(await call.discord.messages.edit(message, call.body, is_answer=is_answer))


async def _delete(call: Call) -> None:
    call.discord.messages.delete(_message(call))


def _message(call: Call) -> Json:
    """The message that the path names, if this interaction made it.

    Raises:
        ApiError: it is gone, or another's.
    """
    interaction = call.discord.interactions.by_token(call["application_id"], call["token"])
    original = interaction.original
    message_id = call["message_id"]
    if message_id == "@original":
        message_id = original["id"] if original is not None else ""
    message = call.discord.world.find_message(message_id)
    if message is None:
        raise unknown_message()
    is_own = message.get("sandbox_interaction_id") == interaction.id
    if not is_own and (original is None or original["id"] != message["id"]):
        raise unknown_message()
    return message


async def _post(
    discord: Discord, interaction: Interaction, body: Body, *, flags: int = 0, is_follow_up: bool = False
) -> Json:
    is_ephemeral = flags_of(body.json) & EPHEMERAL
    extra: dict[str, Any] = {
        "flags": flags,
        "webhook_id": discord.world.application_id,
        "application_id": discord.world.application_id,
        "interaction_metadata": interaction.metadata(discord.world),
        "sandbox_interaction_id": interaction.id,
    }
    if is_follow_up and interaction.original is not None:
        extra["type"] = REPLY
        extra["message_reference"] = {
            "type": 0,
            "channel_id": interaction.channel.id,
            "message_id": interaction.original["id"],
        }
    elif interaction.source is None and "name" in interaction.data:
        extra["type"] = CHAT_INPUT_COMMAND_MESSAGE
    return await discord.messages.post(
        interaction.channel,
        objects.bot_user(discord.world),
        body,
        only_for=interaction.person if is_ephemeral else None,
        **extra,
    )


def _data_of(body: Body) -> Body:
    """The part of a callback's body that is the message; its files are the same.

    Raises:
        TypeError: it is no object.
    """
    data = body.json.get("data") or {}
    if not isinstance(data, dict):
        raise TypeError("data must be an object")
    return Body(data, body.files)


def _described(interaction: Interaction, callback_type: int) -> Json:
    """The callback's response object."""
    described: Json = {"interaction": {"id": interaction.id, "type": interaction.type}}
    original = interaction.original
    if original is not None:
        described["interaction"] |= {
            "response_message_id": original["id"],
            "response_message_loading": bool(original["flags"] & LOADING),
            "response_message_ephemeral": bool(original["flags"] & EPHEMERAL),
        }
        described["resource"] = {"type": callback_type, "message": shown(original)}
    return described
