"""The files for operators name what is there: series that are measured, settings that exist, folders of the project."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from settings.settings import Settings
from tests.generation.services import running_service, utc_now
from watch.watch import Watch

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"


async def measured(tiny_checkpoint: Path) -> set[tuple[str, str]]:
    """Every series that is measured, beside the family that it belongs to."""
    async with running_service(tiny_checkpoint) as (service, _):
        registry = Watch(service, utc_now).metrics.registry
        return {
            (family.name, name)
            for family in registry.collect()
            for name in (
                {sample.name for sample in family.samples if not sample.name.endswith("_created")}
                or {f"{family.name}_total"}
            )
        }


def asked_for(expressions: list[str]) -> set[str]:
    return {name for expression in expressions for name in re.findall(r"anim4gine_\w+", expression)}


async def test_the_dashboard_asks_for_series_that_are_measured_and_shows_them_all(
    tiny_checkpoint: Path,
) -> None:
    dashboard = json.loads((DEPLOY / "grafana" / "dashboards" / "anim4gine.json").read_text(encoding="utf-8"))
    asked = asked_for([target["expr"] for panel in dashboard["panels"] for target in panel["targets"]])
    series = await measured(tiny_checkpoint)
    assert asked - {name for _, name in series} == set()
    shown = {family for family, name in series if name in asked}
    assert {family for family, _ in series} - shown == set()
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))


async def test_the_alarms_ask_for_series_that_are_measured(tiny_checkpoint: Path) -> None:
    (group,) = yaml.safe_load((DEPLOY / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    asked = asked_for([rule["expr"] for rule in group["rules"]])
    assert asked
    assert asked - {name for _, name in await measured(tiny_checkpoint)} == set()


def _environment(text: str) -> set[str]:
    return set(re.findall(r"ANIM4GINE_([A-Z0-9_]+)", text))


def test_settings_named_for_operators_exist() -> None:
    known = {
        f"{section}__{key}".upper()
        for section, values in Settings().model_dump().items()
        if isinstance(values, dict)
        for key in values
    }
    files = [
        DEPLOY / "Dockerfile",
        DEPLOY / "compose.yaml",
        DEPLOY / "anim4gine.service",
        DEPLOY / "anim4gine@.service",
    ]
    named = {name for file in files for name in _environment(file.read_text(encoding="utf-8"))}
    assert named
    assert named - known == set()


@pytest.mark.parametrize("unit", ["anim4gine.service", "anim4gine@.service"])
def test_a_unit_reloads_by_the_signal_that_the_bot_reloads_by(unit: str) -> None:
    lines = (DEPLOY / unit).read_text(encoding="utf-8").splitlines()
    assert "ExecReload=/bin/kill -HUP $MAINPID" in lines


def test_the_image_holds_every_room_that_the_bot_needs() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    copied = set(re.findall(r"^COPY (\w+) \./\w+$", dockerfile, re.MULTILINE))
    assert copied == rooms
    for file in re.findall(r"[\w.]+\.(?:py|toml|txt)", dockerfile):
        assert (ROOT / file).is_file(), file
    assert "bot.py" in dockerfile


def test_the_files_are_well_formed_and_find_each_other() -> None:
    compose: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    assert set(compose["services"]) == {"bot", "database", "prometheus", "grafana"}
    scraped = yaml.safe_load((DEPLOY / "prometheus.yaml").read_text(encoding="utf-8"))
    assert all((DEPLOY / file).exists() for file in scraped["rule_files"])
    mounted = " ".join(compose["services"]["prometheus"]["volumes"])
    assert all(f":/etc/prometheus/{file}:" in mounted for file in scraped["rule_files"])
    (target,) = scraped["scrape_configs"][0]["static_configs"][0]["targets"]
    assert target == f"bot:{compose['services']['bot']['environment']['ANIM4GINE_WATCH__PORT']}"
    for service in compose["services"].values():
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert (DEPLOY / source).exists() if source.startswith("./") else source in compose["volumes"]
    for file in (DEPLOY / "grafana" / "provisioning").rglob("*.yaml"):
        assert yaml.safe_load(file.read_text(encoding="utf-8"))["apiVersion"] == 1
