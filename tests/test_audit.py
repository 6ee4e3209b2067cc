"""`make audit`: a known vulnerability fails, one with a reason doesn't, and being offline is told."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

AUDIT = Path(__file__).parents[1] / ".ci" / "audit.py"

SOUND = {"name": "click", "version": "8.5.1", "vulns": []}
UNKNOWN = {"name": "torch", "skip_reason": "Dependency not found"}
BROKEN = {
    "name": "pillow",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1", "GHSA-1"], "fix_versions": ["2.0"]}],
}


def audited(
    folder: Path, report: str | list[dict[str, Any]], exceptions: str = ""
) -> subprocess.CompletedProcess[str]:
    file, borne = folder / "report.json", folder / "exceptions.toml"
    file.write_text(
        report if isinstance(report, str) else json.dumps({"dependencies": report}), encoding="utf-8"
    )
    borne.write_text(exceptions, encoding="utf-8")
    command = [sys.executable, str(AUDIT), "--report", str(file), "--exceptions", str(borne)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_known_vulnerability_fails_with_what_mends_it(tmp_path: Path) -> None:
    done = audited(tmp_path, [SOUND, BROKEN])
    assert done.returncode == 1
    assert "pillow 1.0: PYSEC-1 / CVE-1 / GHSA-1, mended in 2.0" in done.stdout


def test_one_that_is_listed_with_a_reason_is_told_and_passes(tmp_path: Path) -> None:
    done = audited(tmp_path, [BROKEN], '[[borne]]\nid = "CVE-1"\nreason = "we never open such files."')
    assert done.returncode == 0
    assert "we never open such files" in done.stdout


def test_no_reason_is_no_exception(tmp_path: Path) -> None:
    done = audited(tmp_path, [BROKEN], '[[borne]]\nid = "CVE-1"\nreason = " "')
    assert done.returncode != 0
    assert "CVE-1 has no reason" in done.stderr


@pytest.mark.parametrize("report", ["", "connection refused", [UNKNOWN]])
def test_without_advisories_it_says_so_and_goes_on(
    tmp_path: Path, report: str | list[dict[str, Any]]
) -> None:
    done = audited(tmp_path, report)
    assert done.returncode == 0
    assert "could not be audited" in done.stdout


def test_what_is_sound_passes_and_is_counted(tmp_path: Path) -> None:
    done = audited(tmp_path, [SOUND, UNKNOWN])
    assert done.returncode == 0
    assert "Dependencies audited: 1" in done.stdout
    assert "1 of 2: torch" in done.stdout


def test_the_exceptions_that_stand_in_the_repository_can_be_read() -> None:
    command = [sys.executable, str(AUDIT), "--report", "/dev/null"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
