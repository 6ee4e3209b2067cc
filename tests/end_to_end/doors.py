"""Which of the bot's commands and components are open to whom. Whatever is new has to be put into one of the lists."""

from typing import Any

MEMBERS: frozenset[str] = frozenset({
    "imagine", "remix", "inpaint", "compare", "surprise", "tags search", "tags random", "tags guide",
    "history", "favourites", "image", "defaults", "privacy export", "privacy delete",
    "preset save", "preset use", "preset list", "preset share", "preset delete",
    "wildcard save", "wildcard list", "wildcard delete",
    "Remix this", "Read parameters", "Use as reference", "Guess the tags", "about", "status",
    "event create", "event draw", "event list", "event results", "battle start", "guess start", "leaderboard",
    "tournament create", "tournament start", "tournament join", "tournament leave", "tournament bracket",
})  # fmt: skip
"""Everybody sees and uses these."""

MODERATORS: dict[str, dict[str, Any]] = {
    "settings": {},
    "block": {"member": "somebody"},
    "unblock": {"member": "somebody"},
    "audit": {},
    "doctor": {},
    "policy test": {"prompt": "1girl"},
    "policy block": {"entry": "gun"},
    "policy allow": {"entry": "gun"},
    "policy unlist": {"entry": "gun"},
    "policy list": {},
    "contest extend": {"by": "1h"},
    "contest end": {},
    "contest cancel": {},
    "contest remove": {"entry": "0123456789abcdef"},
    "contest disqualify": {"member": "somebody"},
    "contest export": {},
    "referee end": {"event": "0123456789abcdef"},
    "referee cancel": {"event": "0123456789abcdef"},
    "referee disqualify": {"event": "0123456789abcdef", "member": "somebody"},
    "referee guessing": {},
    "season start": {"name": "Spring"},
}
"""Hidden from members by Discord, and refused to them by us; with options that they take."""

OPERATORS: dict[str, dict[str, Any]] = {"model status": {}, "model retry": {}, "reload": {}}
"""The same, for the owners of the application alone."""

MODERATORS_PART: dict[str, dict[str, Any]] = {
    "preset share": {"name": "mine"},
    "preset delete": {"name": "mine", "server": True},
    "event create": {"title": "Lanterns", "theme": "lanterns", "ends": "2h"},
    "tournament create": {"title": "Cup", "theme": "lanterns"},
    "tournament start": {},
}
"""What only moderators may do with a command that is open to members."""

COMPONENTS: dict[str, tuple[str, ...]] = {
    "PictureButton": ("picture:delete:{job}:0", "picture:delete-surely:{job}:0"),
    "CancelButton": ("cancel:{running}",),
    "ReportButton": tuple(
        f"report:{deed}:{{report}}" for deed in ("look", "hide", "block-7", "dismiss", "release")
    ),
    "RoleMenu": ("setting:role",),
    "SettingsPageButton": ("settings-page:drawing", "settings-page:people"),
    "EnterButton": ("enter:{job}:0",),
    "SettingMenu": tuple(
        f"setting:{name}" for name in ("ceiling", "channels", "language", "log", "visibility")
    ),
    "EraseButton": ("privacy:erase:{person}",),
    "PictureMenu": (),
    "TagMenu": (),
    "PageButton": (),
    "GroupMenu": (),
    **dict.fromkeys(
        (
            "ContestButton",
            "BallotMenu",
            "LookButton",
            "PairButton",
            "WithdrawButton",
            "BattleButton",
            "TournamentButton",
            "GuessButton",
            "BoardButton",
        ),
        (),
    ),
}
"""Buttons and menus by their class, with the custom_ids that a stranger to the picture is refused; none is open to all,
or, of an event's, to whoever may take part, which the tests of events press as others too.

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
