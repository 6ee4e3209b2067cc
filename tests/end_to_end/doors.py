"""Which of the bot's commands and components are open to whom. Whatever is new has to be put into one of the lists."""

from typing import Any

MEMBERS: frozenset[str] = frozenset({
    "imagine", "remix", "inpaint", "compare", "surprise", "tags search", "tags random", "tags guide",
    "history", "favourites", "image", "defaults", "privacy export", "privacy delete",
    "preset save", "preset use", "preset list", "preset share", "preset delete",
    "wildcard save", "wildcard list", "wildcard delete",
    "Remix this", "Read parameters", "Use as reference",
})  # fmt: skip
"""Everybody sees and uses these."""

MODERATORS: dict[str, dict[str, Any]] = {
    "settings": {},
    "block": {"member": "somebody"},
    "unblock": {"member": "somebody"},
    "audit": {},
}
"""Hidden from members by Discord, and refused to them by us; with options that they take."""

OPERATORS: dict[str, dict[str, Any]] = {"model status": {}, "model retry": {}}
"""The same, for the owners of the application alone."""

MODERATORS_PART: dict[str, dict[str, Any]] = {
    "preset share": {"name": "mine"},
    "preset delete": {"name": "mine", "server": True},
}
"""What only moderators may do with a command that is open to members."""

COMPONENTS: dict[str, tuple[str, ...]] = {
    "PictureButton": ("picture:delete:{job}:0", "picture:delete-surely:{job}:0"),
    "CancelButton": ("cancel:{running}",),
    "ReportButton": tuple(f"report:{deed}:{{report}}" for deed in ("hide", "block-7", "dismiss")),
    "SettingMenu": tuple(
        f"setting:{name}" for name in ("ceiling", "channels", "language", "log", "visibility")
    ),
    "EraseButton": ("privacy:erase:{person}",),
    "PictureMenu": (),
    "TagMenu": (),
    "PageButton": (),
    "GroupMenu": (),
}
"""Buttons and menus by their class, with the custom_ids that a stranger to the picture is refused; none is open to all.

`{job}` is somebody's picture, `{running}` one that is being drawn, `{report}` a report of it, `{person}` their id.
"""

PICTURES: tuple[str, ...] = (
    *(
        f"picture:{action}:{{job}}:0"
        for action in (
            "again", "edit", "vary-subtle", "vary-strong", "upscale-1.5", "upscale-2", "info", "save", "delete",
            "delete-surely", "open", "report",
        )
    ),
    "tags:{job}:0",
)  # fmt: skip
"""What does something with a picture: refused for others' private ones, and for those that are gone."""

UNSORTED = (
    "tests/end_to_end/doors.py doesn't say who may use {names}. If it is for moderators or operators, give it "
    "`default_permissions` and a check when it runs (cogs/standing.py), and list it there; else list it as open."
)
