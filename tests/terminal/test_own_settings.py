"""The operator's own settings file: only what differs, and whose it was it stays."""

import os
import sys
import tomllib
from pathlib import Path

import pytest
from pydantic import SecretStr

from terminal.own_settings import Tables, with_answers, write


def test_only_what_differs_from_the_defaults_is_kept_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before: Tables = {"limits": {"steps": 30}, "model": {"source": "circle/model"}}
    answers: Tables = {"model": {"device": "cuda:1"}, "limits": {"steps": 50}}
    assert with_answers(before, answers) == {"model": {"source": "circle/model", "device": "cuda:1"}}
    monkeypatch.setenv("ANIM4GINE_MODEL__DEVICE", "cuda:1")
    assert with_answers(before, answers)["model"]["device"] == "cuda:1"


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0, reason="only root may give files to somebody else"
)
def test_a_file_that_root_replaces_stays_its_owners(tmp_path: Path) -> None:
    settings, token = tmp_path / "my.toml", tmp_path / "bot.token"
    tables: Tables = {"discord": {"token_file": str(token)}}
    write(settings, tables, SecretStr("first"), token)
    for file in (settings, token):
        os.chown(file, 12_345, 12_346)
    write(settings, tables, SecretStr("second"), token)
    assert token.read_text(encoding="utf-8") == "second\n"
    assert tomllib.loads(settings.read_text(encoding="utf-8")) == tables
    for file in (settings, token):
        assert (file.stat().st_uid, file.stat().st_gid) == (12_345, 12_346)
    assert token.stat().st_mode & 0o777 == 0o600
