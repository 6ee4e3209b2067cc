"""The version stands in two places, for two readers."""

import tomllib
from pathlib import Path

from generation.version import VERSION

ROOT = Path(__file__).parents[1]


def test_the_program_and_its_project_file_name_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == VERSION
