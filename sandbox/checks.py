"""What Discord refuses in messages, components and forms, by the limits in `limits.py`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sandbox import limits
from sandbox.errors import invalid_form, too_long
from sandbox.world import COMPONENTS_V2, Json

ACTION_ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
SELECTS = range(5, 9)
SECTION, TEXT_DISPLAY, THUMBNAIL, MEDIA_GALLERY, FILE, SEPARATOR, CONTAINER = 9, 10, 11, 12, 13, 14, 17
LABEL, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX = 18, 19, 21, 22, 23
"""Component types (components reference)."""

LINK, PREMIUM = 5, 6
"""Button styles without a custom_id."""

V2_ONLY = {SECTION, TEXT_DISPLAY, THUMBNAIL, MEDIA_GALLERY, FILE, SEPARATOR, CONTAINER}
V2_TOP = {ACTION_ROW} | V2_ONLY - {THUMBNAIL}
MODAL_ONLY = {TEXT_INPUT, LABEL, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX}
MODAL_TOP = {ACTION_ROW, TEXT_DISPLAY, LABEL}
NEEDS_CUSTOM_ID = {STRING_SELECT} | MODAL_ONLY - {LABEL}
"""What may stand where (components reference)."""


@contextmanager
def malformed_is_refused(path: str) -> Iterator[None]:
    """Within, what isn't even of the right type is refused as Discord does, not an error of ours.

    Raises:
        ApiError: 50035 instead of what such values cause in Python.
    """
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise invalid_form(path, "BASE_TYPE_BAD_TYPE", reason) from error


def flags_of(payload: Json) -> int:
    """A body's message flags.

    Raises:
        ApiError: they are no number.
    """
    with malformed_is_refused("flags"):
        return int(payload.get("flags") or 0)


def check_attachment_count(count: int) -> None:
    """Check how many files a message has.

    Raises:
        ApiError: 50035, too many.
    """
    if count > limits.ATTACHMENTS:
        raise too_long("attachments", limits.ATTACHMENTS)


@malformed_is_refused("body")
def check_message(payload: Json, flags: int) -> None:
    """Check the body of a message that is sent or edited.

    Raises:
        ApiError: 50035 with the field that is wrong.
    """
    for entry in payload.get("attachments") or []:
        int(entry["id"])
        if len(entry.get("description") or "") > limits.ALT_TEXT_LENGTH:
            raise too_long("attachments.description", limits.ALT_TEXT_LENGTH)
    allowed = payload.get("allowed_mentions") or {}
    {int(it) for key in ("users", "roles") for it in allowed.get(key) or []}
    if set(allowed.get("parse") or []) - {"users", "roles", "everyone"}:
        raise invalid_form("allowed_mentions.parse", "BASE_TYPE_CHOICES", "users, roles or everyone")
    if not isinstance(payload.get("content") or "", str):
        raise invalid_form("content", "BASE_TYPE_BAD_TYPE", "Must be text.")
    if len(payload.get("content") or "") > limits.CONTENT_LENGTH:
        raise too_long("content", limits.CONTENT_LENGTH)
    if len(str(payload.get("nonce") or "")) > limits.NONCE_LENGTH:
        raise too_long("nonce", limits.NONCE_LENGTH)
    _check_embeds(payload.get("embeds") or [])
    if flags & COMPONENTS_V2:
        for forbidden in ("content", "embeds", "poll"):
            if payload.get(forbidden):
                raise invalid_form(
                    forbidden, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", "Not with V2."
                )
    check_components(payload.get("components") or [], is_v2=bool(flags & COMPONENTS_V2))


@malformed_is_refused("components")
def check_components(components: list[Json], *, is_v2: bool) -> None:
    """Check a message's components.

    Raises:
        ApiError: 50035 with what is wrong.
    """
    every = list(_walk(components))
    _check_custom_ids(every)
    for component in every:
        _check_component(component)
    if any(component["type"] in MODAL_ONLY for component in every):
        raise invalid_form("components", "UNION_TYPE_CHOICES", "This kind of component is for forms.")
    if is_v2:
        if any(component["type"] not in V2_TOP for component in components):
            raise invalid_form("components", "UNION_TYPE_CHOICES", f"One of {sorted(V2_TOP)} is needed here.")
        if len(every) > limits.V2_COMPONENTS:
            raise too_long("components", limits.V2_COMPONENTS)
        texts = sum(len(component["content"]) for component in every if component["type"] == TEXT_DISPLAY)
        if texts > limits.V2_TEXT_LENGTH:
            raise too_long("components", limits.V2_TEXT_LENGTH)
        return
    if len(components) > limits.ROWS:
        raise too_long("components", limits.ROWS)
    if any(component["type"] in V2_ONLY for component in every) or any(
        component["type"] != ACTION_ROW for component in components
    ):
        raise invalid_form("components", "UNION_TYPE_CHOICES", 'Value of field "type" must be one of (1,).')


@malformed_is_refused("data")
def check_modal(data: Json) -> None:
    """Check a form that a bot opens.

    Raises:
        ApiError: 50035 with what is wrong.
    """
    if not data.get("title") or len(data["title"]) > limits.MODAL_TITLE_LENGTH:
        raise too_long("data.title", limits.MODAL_TITLE_LENGTH)
    if not data.get("custom_id") or len(data["custom_id"]) > limits.CUSTOM_ID_LENGTH:
        raise too_long("data.custom_id", limits.CUSTOM_ID_LENGTH)
    components = data.get("components") or []
    if not 1 <= len(components) <= limits.MODAL_COMPONENTS:
        raise too_long("data.components", limits.MODAL_COMPONENTS)
    if any(component["type"] not in MODAL_TOP for component in components):
        raise invalid_form("data.components", "UNION_TYPE_CHOICES", f"One of {sorted(MODAL_TOP)} is needed.")
    every = list(_walk(components))
    _check_custom_ids(every)
    for component in every:
        _check_component(component)


@malformed_is_refused("data.choices")
def check_choices(choices: list[Json]) -> None:
    """Check the offers of an autocomplete response.

    Raises:
        ApiError: 50035 with what is wrong.
    """
    if len(choices) > limits.AUTOCOMPLETE_CHOICES:
        raise too_long("data.choices", limits.AUTOCOMPLETE_CHOICES)
    for index, choice in enumerate(choices):
        if not 1 <= len(choice["name"]) <= limits.CHOICE_LENGTH:
            raise too_long(f"data.choices.{index}.name", limits.CHOICE_LENGTH)
        if isinstance(choice["value"], str) and len(choice["value"]) > limits.CHOICE_LENGTH:
            raise too_long(f"data.choices.{index}.value", limits.CHOICE_LENGTH)


def texts_of(components: list[Json]) -> list[str]:
    """What a V2 message says."""
    return [component["content"] for component in _walk(components) if component["type"] == TEXT_DISPLAY]


def _walk(components: list[Json]) -> Iterator[Json]:
    """All components, nested ones too: as Discord counts them."""
    for component in components:
        yield component
        yield from _walk(component.get("components") or [])
        for key in ("accessory", "component"):
            if component.get(key):
                yield from _walk([component[key]])


def _check_component(component: Json) -> None:
    kind = component["type"]
    custom_id = component.get("custom_id")
    if custom_id is not None and not 1 <= len(custom_id) <= limits.CUSTOM_ID_LENGTH:
        raise too_long("components.custom_id", limits.CUSTOM_ID_LENGTH)
    label_length = limits.MODAL_LABEL_LENGTH if kind in (TEXT_INPUT, LABEL) else limits.LABEL_LENGTH
    for key, longest in (("label", label_length), ("placeholder", limits.PLACEHOLDER_LENGTH)):
        if len(component.get(key) or "") > longest:
            raise too_long(f"components.{key}", longest)
    children = component.get("components") or []
    if kind == ACTION_ROW:
        is_crowded = len(children) > limits.ROW_BUTTONS or (
            len(children) > 1 and any(child["type"] != BUTTON for child in children)
        )
        if not children or is_crowded:
            raise too_long("components.components", limits.ROW_BUTTONS)
    elif kind == BUTTON:
        needs_id = component.get("style") not in (LINK, PREMIUM)
        if needs_id != (custom_id is not None) or not (
            component.get("label") or component.get("emoji") or component.get("sku_id")
        ):
            raise invalid_form(
                "components.custom_id", "BASE_TYPE_REQUIRED", "A button needs a custom_id and a label"
            )
    elif custom_id is None and (kind in NEEDS_CUSTOM_ID or kind in SELECTS):
        raise invalid_form("components.custom_id", "BASE_TYPE_REQUIRED", "This field is required")
    elif kind == STRING_SELECT:
        if not 1 <= len(component.get("options") or []) <= limits.SELECT_OPTIONS:
            raise too_long("components.options", limits.SELECT_OPTIONS)
    elif kind == MEDIA_GALLERY:
        if not 1 <= len(component.get("items") or []) <= limits.GALLERY_ITEMS:
            raise too_long("components.items", limits.GALLERY_ITEMS)
    elif kind == SECTION:
        if not 1 <= len(children) <= limits.SECTION_TEXTS or not component.get("accessory"):
            raise too_long("components.components", limits.SECTION_TEXTS)
    elif kind == TEXT_DISPLAY:
        if not component["content"]:
            raise too_long("components.content", limits.V2_TEXT_LENGTH)
    elif kind == LABEL:
        if not component.get("component") or not component.get("label"):
            raise invalid_form("components.component", "BASE_TYPE_REQUIRED", "This field is required")
        if len(component.get("description") or "") > limits.MODAL_DESCRIPTION_LENGTH:
            raise too_long("components.description", limits.MODAL_DESCRIPTION_LENGTH)
    elif kind == FILE_UPLOAD:
        if (component.get("max_values") or 1) > limits.UPLOADS:
            raise too_long("components.max_values", limits.UPLOADS)
    elif kind == TEXT_INPUT and (component.get("max_length") or 1) > limits.TEXT_INPUT_LENGTH:
        raise too_long("components.max_length", limits.TEXT_INPUT_LENGTH)


def _check_custom_ids(components: list[Json]) -> None:
    custom_ids = [component["custom_id"] for component in components if component.get("custom_id")]
    if len(set(custom_ids)) != len(custom_ids):
        raise invalid_form(
            "components", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated"
        )


def _check_embeds(embeds: list[Json]) -> None:
    if len(embeds) > limits.EMBEDS:
        raise too_long("embeds", limits.EMBEDS)
    total = 0
    for index, embed in enumerate(embeds):
        texts: list[tuple[str, Any, int]] = [
            *((key, embed.get(key), longest) for key, longest in limits.EMBED_LENGTHS.items()),
            ("footer.text", (embed.get("footer") or {}).get("text"), limits.FOOTER_LENGTH),
            ("author.name", (embed.get("author") or {}).get("name"), limits.AUTHOR_LENGTH),
        ]
        fields = embed.get("fields") or []
        if len(fields) > limits.EMBED_FIELDS:
            raise too_long(f"embeds.{index}.fields", limits.EMBED_FIELDS)
        for number, entry in enumerate(fields):
            for key, longest in (("name", limits.FIELD_NAME_LENGTH), ("value", limits.FIELD_VALUE_LENGTH)):
                if not entry.get(key):
                    raise invalid_form(
                        f"embeds.{index}.fields.{number}.{key}", "BASE_TYPE_REQUIRED", "Required"
                    )
                texts.append((f"fields.{number}.{key}", entry[key], longest))
        for path, text, longest in texts:
            if len(text or "") > longest:
                raise too_long(f"embeds.{index}.{path}", longest)
            total += len(text or "")
    if total > limits.EMBED_TOTAL_LENGTH:
        raise invalid_form("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")
