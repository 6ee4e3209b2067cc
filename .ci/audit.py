"""Ask pip-audit about everything that the bot runs on; `make audit`.

A known vulnerability fails, unless `audit-exceptions.toml` lists it with a reason. Where the advisories can't be had
(no network, or a mirror without them) it says so and goes on: a check that can't be made must not stop one that can.
`--report FILE` reads pip-audit's JSON from a file instead of running it.
"""

import argparse
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent
TIMEOUT_S = 300

NOT_OURS = {"pip"}
"""What installs the rest and comes with Python; the bot doesn't run on it."""


def main() -> int:
    """Return the exit code: 1 where something is vulnerable and nobody has said why that is borne."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--report", type=Path)
    options.add_argument("--exceptions", type=Path, default=HERE / "audit-exceptions.toml")
    chosen = options.parse_args()
    borne = exceptions(chosen.exceptions)
    report = chosen.report.read_text(encoding="utf-8") if chosen.report else asked()
    dependencies = [each for each in listed(report) if each["name"] not in NOT_OURS]
    unaudited = [each["name"] for each in dependencies if "vulns" not in each]
    if len(unaudited) == len(dependencies):
        tell(
            "The dependencies could not be audited: the advisories are out of reach. Everything else goes on."
        )
        return 0
    if unaudited:
        tell(
            f"No advisories could be had for {len(unaudited)} of {len(dependencies)}: {', '.join(unaudited)}."
        )
    failures = 0
    for package in dependencies:
        for vulnerability in package.get("vulns", []):
            names = [vulnerability["id"], *vulnerability.get("aliases", [])]
            reason = next((borne[name] for name in names if name in borne), None)
            failures += reason is None
            fixed = ", ".join(vulnerability.get("fix_versions", [])) or "no version yet"
            tell(f"{package['name']} {package['version']}: {' / '.join(names)}, mended in {fixed}.")
            if reason is not None:
                tell(f"  Borne because {reason}")
    if failures:
        tell(
            f"Known vulnerabilities: {failures}. Raise the pins, or list an id with a reason in {chosen.exceptions}."
        )
    else:
        tell(
            f"Dependencies audited: {len(dependencies) - len(unaudited)}; nothing that isn't listed with a reason."
        )
    return 1 if failures else 0


def listed(report: str) -> list[dict[str, Any]]:
    """The packages of a report; none where it is no report."""
    try:
        dependencies: list[dict[str, Any]] = json.loads(report)["dependencies"]
    except (ValueError, KeyError):
        return []
    return dependencies


def exceptions(file: Path) -> dict[str, str]:
    """Read which vulnerabilities are borne, and why; one without a reason ends the program."""
    found: dict[str, str] = {}
    for entry in tomllib.loads(file.read_text(encoding="utf-8")).get("borne", []):
        if not str(entry.get("reason", "")).strip():
            raise SystemExit(f"{file.name}: {entry.get('id')} has no reason")
        found[entry["id"]] = entry["reason"]
    return found


def asked() -> str:
    """Run pip-audit over what is installed beside this Python; empty where it can't even begin."""
    command = [sys.executable, "-m", "pip_audit", "--local", "--format", "json", "--progress-spinner", "off"]
    try:
        done = subprocess.run(  # noqa: S603 - our own command, no shell
            command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout


def tell(line: str) -> None:
    """Print a line at once, so that it stands where it belongs in a log."""
    print(line, flush=True)  # noqa: T201 - it is a program for the terminal


if __name__ == "__main__":
    sys.exit(main())
