"""The bench for GPUs on a CPU: every part of it runs, one that fails leaves the others, and figures stand in tables."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.gpu import CARD, SETTINGS, Outcome, Plan, chosen, main, measure_engine, tables
from bench.ways import Setup
from generation.model_source import ModelSource


def plan_of(source: Path, folder: Path) -> Plan:
    setup = Setup(ModelSource(source=str(source), device="cpu"), shrink=8)
    return Plan(setup, steps=1, pictures=1, in_flight=(1, 4, 8), compile_cache=folder)


@pytest.mark.slow
def test_the_tiny_run_measures_the_script_and_the_engine(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    ways = ["--way", "auto", "--way", "1 slot"]
    result = CliRunner().invoke(main, ["--tiny", *ways, "--folder", str(tmp_path), "--json", str(file)])
    assert result.exit_code == 0, result.output
    told = json.loads(file.read_text(encoding="utf-8"))
    assert [way["way"] for way in told["ways"]] == [CARD, "engine, slots auto", "engine, 1 slot"]
    for way in told["ways"]:
        assert not way["error"]
        assert set(way["picture_s"]) == {"104x152", "128x128"}
        assert set(way["pictures_per_s"]) == {"1", "4"}
        assert way["peak_mb"] > 100
    assert f"| {CARD} |" in result.output


def test_what_this_device_cannot_do_is_told_and_raises_nothing(tiny_checkpoint: Path, tmp_path: Path) -> None:
    float8 = next(setting for setting in SETTINGS if setting.float8)
    outcome = measure_engine(plan_of(tiny_checkpoint, tmp_path), float8)
    assert "float8 needs an NVIDIA GPU" in outcome.error
    assert not outcome.picture_s


def test_settings_are_chosen_by_words_of_their_names_and_by_what_a_cpu_can_do() -> None:
    assert chosen((), "cuda") == list(SETTINGS)
    assert {setting.name for setting in chosen(("float8",), "cuda:1")} == {
        "engine, float8",
        "engine, compile and float8",
    }
    assert [setting.name for setting in chosen(("auto", "compile"), "cpu")] == ["engine, slots auto"]
    assert not chosen(("again",), "cuda"), "who starts again must have started once"


def test_a_word_that_no_setting_has_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--tiny", "--way", "float16", "--folder", str(tmp_path)])
    assert result.exit_code == 2
    assert "None of the settings that this device can do: float16" in result.output


def test_figures_stand_beside_their_ratio_to_the_script_and_failures_below(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, tmp_path)
    card = Outcome(CARD, 1, {"104x152": 4.0, "128x128": 5.0}, {1: 0.25, 4: 0.2}, 9000, 9500, saving_s=0.5)
    ours = Outcome(
        "engine",
        2,
        {"104x152": 2.0},
        {1: 0.5, 8: 0.6},
        8000,
        8800,
        slots=4,
        error="OutOfMemoryError: too large",
    )
    text = "\n".join(tables([card, ours], plan))
    rows = [line.count("|") for line in text.splitlines() if line.startswith("|")]
    assert rows == [8] * 4 + [5] * 4, "each column has its heading"
    assert "| engine | 2 (2.00×) | – | 4 | 2.0 | 8000 | 8800 |" in text
    assert "| engine | 0.5 (2.00×) | – | 0.6 (3.00×) |" in text, (
        "the script is as fast with 8 in flight as with 4"
    )
    assert "- engine: OutOfMemoryError: too large" in text
