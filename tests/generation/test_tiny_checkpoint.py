"""The practice model: made on the spot, the same each time, and a real SDXL to all who load it."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionXLPipeline
from PIL import ImageChops, ImageStat
from transformers import CLIPTokenizer

from generation.engine.sdxl_config.clip_tokenizer import END_ID, START_ID
from generation.tiny_checkpoint import build_tiny_checkpoint, is_built

ROOT = Path(__file__).parents[2]


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_two_builds_have_the_same_bytes_and_leave_the_random_numbers_of_others_alone(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    other = build_tiny_checkpoint(tmp_path / "other")
    assert torch.equal(torch.rand(1), expected)
    assert hashes(other) == hashes(tiny_checkpoint)


def test_another_seed_gives_other_weights(tiny_checkpoint: Path, tmp_path: Path) -> None:
    other = hashes(build_tiny_checkpoint(tmp_path / "other", seed=1))
    same = {name for name, value in hashes(tiny_checkpoint).items() if other[name] == value}
    assert not [name for name in same if name.endswith(".safetensors")]


def test_it_takes_less_than_ten_megabytes_and_leaves_nothing_beside_itself(tiny_checkpoint: Path) -> None:
    assert sum(file.stat().st_size for file in tiny_checkpoint.rglob("*") if file.is_file()) < 10_000_000
    assert [path.name for path in tiny_checkpoint.parent.iterdir()] == [tiny_checkpoint.name]


def test_a_built_model_is_left_as_it_is(tmp_path: Path) -> None:
    folder = build_tiny_checkpoint(tmp_path / "model")
    (folder / "note.txt").write_text("mine")
    assert build_tiny_checkpoint(folder, seed=9) == folder
    assert (folder / "note.txt").read_text() == "mine"


@pytest.mark.slow
def test_two_processes_that_build_at_once_both_end_with_the_model(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    builders = [
        subprocess.Popen([sys.executable, "-m", "generation.tiny_checkpoint", str(folder)], cwd=ROOT)
        for _ in range(2)
    ]
    assert [builder.wait(timeout=120) for builder in builders] == [0, 0]
    assert hashes(folder) == hashes(tiny_checkpoint)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_folder_with_something_else_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"")
    with pytest.raises(FileExistsError):
        build_tiny_checkpoint(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]


def test_a_model_that_lacks_a_part_is_not_built(tiny_checkpoint: Path, tmp_path: Path) -> None:
    assert is_built(tiny_checkpoint)
    assert not is_built(tmp_path)
    copy = tmp_path / "copy"
    for file in tiny_checkpoint.rglob("*.*"):
        if file.is_file() and "vae" not in file.parts:
            target = copy / file.relative_to(tiny_checkpoint)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    assert not is_built(copy)


def test_asking_whether_it_is_built_imports_no_torch(tiny_checkpoint: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from generation.tiny_checkpoint import is_built;"
        "print(is_built(Path(sys.argv[1])), 'torch' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program, str(tiny_checkpoint)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert answer.stdout.split() == ["True", "False"]


def test_it_loads_with_diffusers_as_it_is_and_draws_colours(tiny_checkpoint: Path) -> None:
    pipeline = StableDiffusionXLPipeline.from_pretrained(
        tiny_checkpoint, dtype=torch.float32, add_watermarker=False, local_files_only=True
    )
    pipeline.set_progress_bar_config(disable=True)
    image = pipeline(
        "1girl, solo",
        width=256,
        height=384,
        num_inference_steps=8,
        generator=torch.Generator().manual_seed(0),
    ).images[0]
    assert image.size == (256, 384)
    contrast = min(ImageStat.Stat(image).stddev)
    assert contrast > 15, "a flat picture shows nobody anything"
    small = image.reduce(8)  # one pixel for each latent
    shifted = ImageChops.difference(small.crop((0, 0, 31, 48)), small.crop((1, 0, 32, 48)))
    assert max(ImageStat.Stat(shifted).mean) < 0.4 * contrast, (
        "neighbours in a painting are alike, in noise not"
    )
    red, green, blue = image.split()
    assert red.tobytes() != green.tobytes() != blue.tobytes()


def test_prompts_and_seeds_change_the_picture(tiny_checkpoint: Path) -> None:
    pipeline = StableDiffusionXLPipeline.from_pretrained(
        tiny_checkpoint, dtype=torch.float32, add_watermarker=False, local_files_only=True
    )
    pipeline.set_progress_bar_config(disable=True)

    def drawn(prompt: str, seed: int) -> bytes:
        generator = torch.Generator().manual_seed(seed)
        image = pipeline(prompt, width=64, height=64, num_inference_steps=3, generator=generator).images[0]
        pixels: bytes = image.tobytes()
        return pixels

    pictures = [drawn("1girl, solo", 0), drawn("1girl, solo", 1), drawn("cat, snow", 0)]
    assert len(set(pictures)) == 3
    assert drawn("1girl, solo", 0) == pictures[0]


def test_its_tokenizers_use_the_ids_of_clip_and_pad_as_sdxl_does(tiny_checkpoint: Path) -> None:
    for name, padding in (("tokenizer", END_ID), ("tokenizer_2", 0)):
        tokenizer = CLIPTokenizer.from_pretrained(tiny_checkpoint, subfolder=name, local_files_only=True)
        ids = tokenizer("1girl", padding="max_length").input_ids
        assert len(ids) == 77
        assert tokenizer("a photo of a cat").input_ids[1:-1] == [320, 1125, 539, 320, 2368]
        end = ids.index(END_ID)
        assert ids[0] == START_ID
        assert all(0 < token < START_ID for token in ids[1:end])
        assert set(ids[end + 1 :]) == {padding}


def test_any_text_can_be_tokenized(tiny_checkpoint: Path) -> None:
    tokenizer = CLIPTokenizer.from_pretrained(tiny_checkpoint, subfolder="tokenizer", local_files_only=True)
    text = "初音ミク, été, 🎀"
    assert tokenizer.decode(tokenizer(text).input_ids, skip_special_tokens=True).replace(
        " ", ""
    ) == text.replace(" ", "")
