"""`render --plan`: the table, its conclusion, and that nothing is drawn or loaded for it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from generation.memory_plan import MemoryPlan, plan_memory
from generation.model_errors import BrokenModelFile, ModelNotFound
from generation.model_shape import SDXL
from generation.model_source import ModelSource
from terminal.plan import PlannedModel, conclusion, format_plan, plan_text

ROOT = Path(__file__).parents[2]
MODEL = PlannedModel("circle/model", "cuda:0", "float16", is_measured=True)


def sdxl_plan(gib: float | None) -> MemoryPlan:
    memory = None if gib is None else round(gib * 2**30)
    return plan_memory(memory, SDXL, dtype_bytes=2, vae_dtype="bfloat16")


def start(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ANIM4GINE_")}
    return subprocess.run(
        [sys.executable, "bot.py", "render", *arguments],
        cwd=ROOT, env=clean | environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_the_table_names_parts_sizes_and_where_they_are() -> None:
    lines = format_plan(sdxl_plan(8), MODEL).splitlines()
    assert lines[0] == "Memory plan for circle/model in float16 on cuda:0"
    rows = {line[2:27].strip(): line[27:].split(maxsplit=2) for line in lines[2:12]}
    assert rows["UNet"] == ["5.13", "GB", "always on the device"]
    assert rows["text encoder 2"] == ["1.39", "GB", "on the device for its call"]
    assert rows["memory to be had"][:2] == ["8.59", "GB"]
    assert rows["left"][1] in {"GB", "MB"}


@pytest.mark.parametrize(
    ("gib", "words"),
    [
        (80, "The whole model fits, with room for 16 pictures side by side."),
        (8, "small parts take turns"),
        (6, "one part at a time, with room for 1 picture side"),
        (4, "only layer by layer"),
        (2, "differ in tone"),
        (0.5, "It doesn't fit"),
        (None, "unknown"),
    ],
)
def test_the_conclusion_says_what_the_plan_comes_to(gib: float | None, words: str) -> None:
    assert words in conclusion(sdxl_plan(gib))


def test_a_plan_that_does_not_fit_names_both_sizes_and_leaves_nothing() -> None:
    plan = sdxl_plan(0.5)
    text = format_plan(plan, MODEL)
    assert "0.54 GB are free" in text
    assert f"{plan.needed_bytes / 1e9:.2f} GB are needed" in text
    assert "left" not in text


def test_sizes_that_are_not_the_models_own_are_said_to_be_guessed() -> None:
    guessed = PlannedModel("circle/model", "cuda:0", "float16", is_measured=False)
    assert "SDXL's sizes" in format_plan(sdxl_plan(8), guessed)
    assert "SDXL's sizes" not in format_plan(sdxl_plan(8), MODEL)


def test_unknown_memory_is_written_as_unknown() -> None:
    text = format_plan(sdxl_plan(None), MODEL)
    assert "memory to be had" in text
    assert text.count("unknown") == 2


def test_no_line_ends_in_spaces_or_is_wider_than_a_terminal() -> None:
    for gib in (0.5, 2, 4, 6, 8, 80, None):
        for line in format_plan(sdxl_plan(gib), MODEL).splitlines():
            assert line == line.rstrip()
            if line.startswith("  "):
                assert len(line) <= 80


def test_a_model_that_is_missing_or_broken_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound):
        plan_text(ModelSource(source=str(tmp_path / "missing"), device="cpu"))
    file = tmp_path / "broken.safetensors"
    file.write_bytes(b"nothing")
    with pytest.raises(BrokenModelFile):
        plan_text(ModelSource(source=str(file), device="cpu"))


def test_render_plan_prints_the_table_and_draws_nothing(tiny_checkpoint: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.png"
    result = start(
        "--plan", "-o", str(output),
        ANIM4GINE_MODEL__SOURCE=str(tiny_checkpoint), ANIM4GINE_MODEL__DEVICE="cpu",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert f"Memory plan for {tiny_checkpoint} in float32 on cpu" in result.stdout
    assert "each picture being drawn" in result.stdout
    assert not output.exists()


def test_render_plan_of_a_model_that_is_not_there_names_it(tmp_path: Path) -> None:
    missing = str(tmp_path / "no-such-model")
    result = start("--plan", ANIM4GINE_MODEL__SOURCE=missing)
    assert result.returncode == 1
    assert missing in result.stderr
    assert "Traceback" not in result.stderr


def test_render_without_tags_and_plan_asks_for_tags() -> None:
    result = start()
    assert result.returncode == 2
    assert "TAGS" in result.stderr
