"""`encode`: what an operator reads about a prompt, and the arrays for other tools."""

import json
from pathlib import Path

import numpy as np
import pytest

from generation.encoding_mode import EncodingMode
from generation.model_source import ModelSource
from terminal.encode import NamedPrompt, PromptFileError, describe_prompt, read_prompts, write_arrays


@pytest.fixture
def source(tiny_checkpoint: Path) -> ModelSource:
    return ModelSource(source=str(tiny_checkpoint), device="cpu")


def test_runs_weights_tokens_and_chunks_are_shown(source: ModelSource) -> None:
    text = describe_prompt(source, "red (hair:1.3) BREAK blue sky", "lowres", EncodingMode.PADDED, 0)
    prompt, negative, end = text.split("\n\n")
    assert prompt.splitlines() == [
        "Prompt",
        "   1.000  red",
        "   1.300  hair",
        "         BREAK",
        "   1.000  blue sky",
        "  chunk 1: 2 tokens (1 weighted) in 77 places",
        "  chunk 2: 2 tokens (0 weighted) in 77 places",
    ]
    assert "lowres" in negative
    assert negative.count("chunk") == 2
    assert end == "Embeddings (1, 154, 24), pooled (1, 16), mode padded"


def test_the_lpw_mode_shows_its_own_reading(source: ModelSource) -> None:
    text = describe_prompt(source, "red BREAK sky", "", EncodingMode.LPW, 0)
    assert "  -1.000  BREAK" in text
    assert "chunk 1: 3 tokens (1 weighted) in 5 places" in text
    assert "mode lpw" in text


def test_arrays_are_float32_with_their_batch_axis_by_mode_and_name(
    source: ModelSource, tmp_path: Path
) -> None:
    output = tmp_path / "arrays"
    prompts = [NamedPrompt("first", "1girl, (smile:1.2)", "lowres"), NamedPrompt("second", "1boy", "")]
    write_arrays(source, prompts, list(EncodingMode), output)
    arrays = np.load(output)
    assert set(arrays) == {
        f"{mode}/{name}/{key}"
        for mode in ("padded", "lpw")
        for name in ("first", "second")
        for key in ("pe", "ne", "pp", "np")
    }
    assert {array.dtype for array in arrays.values()} == {np.dtype("float32")}
    assert arrays["padded/first/pe"].shape == arrays["padded/first/ne"].shape == (1, 77, 24)
    assert arrays["lpw/second/pp"].shape == (1, 16)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "not JSON"),
        ("{}", "must be a list"),
        ('["1girl"]', "entry 1 must be"),
        ('[{"prompt": "1girl"}]', "entry 1 has no name"),
        ('[{"name": "a"}]', "entry 1 (a) has no prompt"),
        ('[{"name": "a", "prompt": "b", "negative": 5}]', "negative that is no text"),
        ('[{"name": "a", "prompt": "b"}, {"name": "a", "prompt": "c"}]', "'a' comes twice"),
    ],
)
def test_a_file_that_is_no_list_of_prompts_is_told_where_it_goes_wrong(
    tmp_path: Path, content: str, words: str
) -> None:
    file = tmp_path / "prompts.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(PromptFileError) as error:
        read_prompts(file)
    assert str(file) in str(error.value)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_and_a_missing_negative(tmp_path: Path) -> None:
    with pytest.raises(PromptFileError, match="can't be read"):
        read_prompts(tmp_path / "nowhere.json")
    file = tmp_path / "prompts.json"
    file.write_text(json.dumps([{"name": "a", "prompt": "b"}]), encoding="utf-8")
    assert read_prompts(file) == [NamedPrompt("a", "b", "")]
