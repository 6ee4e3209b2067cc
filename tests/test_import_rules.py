"""The house's rule of who may look into whom, read from the import statements."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = {
    "bot", "wiring", "settings", "logs", "cogs", "events", "generation", "storage", "sandbox", "terminal",
    "watch", "bench", "tests",
}  # fmt: skip
MAY_IMPORT = {
    "bot": {"wiring", "settings", "logs", "cogs", "generation", "storage", "sandbox", "terminal"},
    "wiring": {"settings", "cogs", "events", "generation", "storage", "terminal", "watch"},
    "settings": {"generation"},
    "logs": set[str](),
    "terminal": {"settings", "events", "generation", "sandbox", "storage"},
    "cogs": {"generation", "events", "storage", "watch"},
    "events": {"generation"},
    "watch": {"generation"},
    "generation": set[str](),
    "storage": set[str](),
    "sandbox": set[str](),
}
WITHOUT_DISCORD = {"events", "generation", "storage", "sandbox", "settings", "terminal", "watch"}


def files_of(room: str) -> Iterator[Path]:
    if (ROOT / f"{room}.py").exists():
        yield ROOT / f"{room}.py"
    yield from (ROOT / room).rglob("*.py")


def imports_of(file: Path) -> Iterator[str]:
    """Top-level names that `file` imports, wherever in it the statement stands."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} has a relative import; say which room it means"
            yield str(node.module).partition(".")[0]


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    allowed = MAY_IMPORT[room] | {room}
    strangers = {
        f"{file.relative_to(ROOT)} imports {name}"
        for file in files_of(room)
        for name in imports_of(file)
        if name in ROOMS - allowed
    }
    assert not strangers


@pytest.mark.parametrize("room", sorted(WITHOUT_DISCORD))
def test_what_knows_nothing_of_discord_does_not_import_its_library(room: str) -> None:
    assert not [str(file) for file in files_of(room) if "discord" in imports_of(file)]


def test_every_folder_of_python_is_a_room_with_rules() -> None:
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert folders <= ROOMS
