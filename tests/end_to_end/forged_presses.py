"""Presses of every button and menu of the bot, of others' pictures, of none, and broken."""

from collections.abc import Iterator
from typing import Any

from tests import hostile
from tests.end_to_end.forger import Forgery, press

ACTIONS = (
    "again", "edit", "vary-subtle", "vary-strong", "upscale-1.5", "upscale-2", "info", "save", "unsave", "delete",
    "delete-surely", "open", "report", "nonsense", "../again", "",
)  # fmt: skip
DEEDS = ("hide", "block-1", "block-99", "dismiss", "x")
SETTINGS = ("ceiling", "channels", "language", "log", "visibility", "x")
NOBODYS = "0" * 16

VALUES: tuple[Any, ...] = (
    [], ["x"], ["0"], ["9" * 30], ["explicit"], [None], [5], [["a"]], "x", {}, {"a": 1}, 5, ["a"] * 30, ["\ud800"],
)  # fmt: skip
"""Choices in a menu, of the wrong kinds among them."""


def custom_ids(private: str, own: str) -> list[str]:
    """Ids with the job of somebody else's private picture, with one's own, with none."""
    jobs = (private, NOBODYS, "f" * 16, "", "x", private.upper(), private + "0", "' OR 1=1 --", "%s")
    return [
        *(f"picture:{action}:{job}" for action in ACTIONS for job in (f"{private}:0", f"{NOBODYS}:0", f"{own}:9")),
        *(f"picture:info:{job}:0" for job in jobs),
        *(f"{kind}:{job}" for kind in ("cancel", "pictures") for job in jobs),
        *(f"tags:{job}:0" for job in jobs),
        *(f"report:{deed}:{job}" for deed in DEEDS for job in jobs[:3]),
        *(f"album:{rest}" for rest in ("history:0", "history:999999999", "x:1", "favourites:-1")),
        *(f"setting:{name}" for name in SETTINGS),
        "tag-groups:9", "tag-groups:99", "privacy:erase:1", "privacy:erase:x", f"edit:{private}:0", "remix", "x" * 100,
        *hostile.TEXTS[::8],
    ]  # fmt: skip


def presses(message: dict[str, Any], private: str, own: str) -> Iterator[Forgery]:
    """Each as if `message` had it and as if not, as a button and as a menu."""
    for number, custom_id in enumerate(custom_ids(private, own)):
        yield press(custom_id, message)
        yield press(custom_id, message, is_there=False)
        yield press(custom_id, message, values=VALUES[number % len(VALUES)])
    for custom_id in (
        f"pictures:{own}",
        f"tags:{own}:0",
        "tag-groups:0",
        "setting:ceiling",
        "setting:channels",
    ):
        yield from (press(custom_id, message, values=values) for values in VALUES)
