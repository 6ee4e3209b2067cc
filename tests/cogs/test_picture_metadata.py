"""What picture files say of how they were drawn: read as tools write it, and harmless whatever it is."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cogs.picture_metadata import DESCRIPTION_LENGTH, read_metadata, read_prompt
from tests import hostile
from tests.hostile_pictures import PICTURES, file_of, jpeg_with_comment, with_texts

A1111 = "1girl, night\nNegative prompt: lowres\nSteps: 28, Sampler: Euler a, CFG scale: 5, Seed: 7"


@pytest.mark.parametrize(
    "file", [with_texts(parameters=A1111), jpeg_with_comment(A1111)], ids=["png", "jpeg"]
)
def test_what_tools_write_is_read(file: bytes) -> None:
    assert read_prompt(file) == "1girl, night"
    told = read_metadata(file)
    assert "Prompt: 1girl, night" in told
    assert "Negative prompt: lowres" in told
    assert "28" in told


def test_a_graph_of_nodes_is_read() -> None:
    graph = {
        "1": {
            "class_type": "KSampler",
            "inputs": {"sampler_name": "euler", "steps": 28, "cfg": 5, "positive": ["2", 0]},
        },
        "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "1girl, night"}},
    }
    links = {"links": [[0, "2", 0, "1", 0, "CONDITIONING"]]}
    assert read_prompt(with_texts(prompt=json.dumps(graph), workflow=json.dumps(links))) == "1girl, night"


def test_nobody_is_told_of_the_picture_before_theirs() -> None:
    """The library remembers a comment by the address of its image, which the next image may get."""
    silent = file_of(Image.new("RGB", (64, 64)), "JPEG")
    for _ in range(300):
        assert read_prompt(jpeg_with_comment(A1111)) == "1girl, night"
        assert read_prompt(silent) == ""


@pytest.mark.parametrize("content", PICTURES.values(), ids=PICTURES)
def test_a_hostile_file_says_something_harmless_or_nothing(content: bytes) -> None:
    assert read_metadata(content) == read_metadata(content).replace("\0", "")
    assert len(read_prompt(content)) <= DESCRIPTION_LENGTH


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.dictionaries(
        st.sampled_from(
            ["parameters", "prompt", "workflow", "Comment", "Description", "Source", "dream", "sd-metadata"]
        ),
        hostile.texts() | hostile.values().map(json.dumps),
        min_size=1,
    )
)
def test_any_texts_in_a_file_are_read_or_passed_over(texts: dict[str, str]) -> None:
    told = read_metadata(with_texts(**texts)) + read_prompt(with_texts(**texts))
    assert "\0" not in told
    told.encode()


def test_halves_of_characters_in_a_graph_do_not_come_out() -> None:
    comment = {"Comment": '{"sampler": "a", "uc": "\\ud800\\u0000b"}', "Description": "1girl", "Source": "x"}
    assert "Negative prompt: b" in read_metadata(with_texts(**comment))
