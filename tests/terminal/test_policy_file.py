"""The content policy at the command line: a file of prompts in, a JSON object a line out."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bot import cli


def judged(tmp_path: Path, text: str, *options: str) -> list[dict[str, Any]]:
    file = tmp_path / "prompts.txt"
    file.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(cli, ["policy", str(file), *options])
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_each_line_is_judged_and_blank_ones_are_left_out(tmp_path: Path) -> None:
    first, second, third = judged(
        tmp_path, "1girl, skill\n\n  \n1girl, bikini\r\nロリ\n", "--ceiling", "safe"
    )
    assert first == {"prompt": "1girl, skill", "allowed": True, "rating": "safe", "rule": None, "tags": []}
    assert second == {
        "prompt": "1girl, bikini",
        "allowed": False,
        "rating": "sensitive",
        "rule": "tag above ceiling",
        "tags": ["bikini"],
    }
    assert (third["allowed"], third["rule"]) == (False, "minor")


@pytest.mark.parametrize("rating", ["safe", "sensitive"])
def test_the_rating_that_is_asked_for_counts(tmp_path: Path, rating: str) -> None:
    (found,) = judged(tmp_path, "child, park", "--ceiling", "explicit", "--rating", rating)
    assert found["allowed"] is (rating == "safe")


@pytest.mark.parametrize(
    ("prompt", "rule"),
    [
        ("{red|silver} hair", None),
        ("1girl, {smile|{hat|nude}}", "tag above ceiling"),
        ("{lo|ka}{li|ra}", "minor"),
        ("[hat:nude:0.5], smile", "tag above ceiling"),
        ("1girl, __no such list__", None),
        (" , ,", "NoTags"),
    ],
)
def test_what_chance_and_edits_may_make_of_a_prompt_counts(
    tmp_path: Path, prompt: str, rule: str | None
) -> None:
    (found,) = judged(tmp_path, prompt, "--ceiling", "safe")
    assert found["rule"] == rule


def test_the_operators_own_tags_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANIM4GINE_POLICY__BLOCKED", '["gun*"]')
    (found,) = judged(tmp_path, "1girl, gunner", "--ceiling", "safe")
    assert (found["rule"], found["tags"]) == ("blocked tag", ["gunner"])


def test_a_file_that_is_not_there_is_told_in_a_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["policy", str(tmp_path / "none.txt"), "--ceiling", "safe"])
    assert result.exit_code == 2
    assert "can't be read" in result.stderr or "does not exist" in result.stderr
