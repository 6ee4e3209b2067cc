"""The held set: prompts read by hand and encoded slowly, against the prompt encoder in both its modes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionXLPipeline

from generation.encoding_mode import EncodingMode
from generation.engine import prompt_encoder
from generation.engine.prompt_encoder import EncodedPrompt, PromptEncoder
from tests.generation.engine.held_prompts import HELD, NEGATIVE_RUNS, NEGATIVES
from tests.generation.engine.slow_encoding import slow_lpw, slow_padded

TOLERANCE = 2e-3
"""Of the largest entry."""

SLOW = {EncodingMode.PADDED: slow_padded, EncodingMode.LPW: slow_lpw}


@pytest.fixture(scope="module")
def pipeline(tiny_checkpoint: Path) -> StableDiffusionXLPipeline:
    return StableDiffusionXLPipeline.from_pretrained(
        tiny_checkpoint, dtype=torch.float32, use_safetensors=True, add_watermarker=False
    )


def encoder_of(pipeline: StableDiffusionXLPipeline, mode: EncodingMode) -> PromptEncoder:
    return PromptEncoder(
        pipeline.tokenizer, pipeline.tokenizer_2, pipeline.text_encoder, pipeline.text_encoder_2, mode=mode
    )


def assert_close(actual: torch.Tensor, expected: torch.Tensor) -> None:
    assert actual.shape == expected.shape
    assert (actual.float() - expected.float()).abs().max() <= TOLERANCE * expected.float().abs().max()


@pytest.mark.parametrize("mode", EncodingMode)
@pytest.mark.parametrize("name", HELD)
def test_a_prompt_is_encoded_as_its_mode_says(
    pipeline: StableDiffusionXLPipeline, mode: EncodingMode, name: str
) -> None:
    prompt, runs = HELD[name]
    encoder, slow = encoder_of(pipeline, mode), SLOW[mode]
    for negative, negative_runs in zip(NEGATIVES, NEGATIVE_RUNS, strict=True):
        encoded = encoder.encode(prompt, negative)
        for (embeds, pooled), expected in (
            ((encoded.prompt_embeds, encoded.pooled_prompt_embeds), slow(pipeline, runs, negative_runs)),
            (
                (encoded.negative_prompt_embeds, encoded.negative_pooled_prompt_embeds),
                slow(pipeline, negative_runs, runs),
            ),
        ):
            assert_close(embeds, expected[0])
            assert_close(pooled, expected[1])


@pytest.mark.parametrize("mode", EncodingMode)
def test_clip_skip_leaves_out_layers_for_the_prompt_alone(
    pipeline: StableDiffusionXLPipeline, mode: EncodingMode
) -> None:
    prompt, runs = HELD["weighted"]
    skipped = encoder_of(pipeline, mode).encode(prompt, "lowres", clip_skip=1)
    expected, _ = SLOW[mode](pipeline, runs, [("lowres", 1)], clip_skip=1)
    negative, _ = SLOW[mode](pipeline, [("lowres", 1)], runs)
    assert_close(skipped.prompt_embeds, expected)
    assert_close(skipped.negative_prompt_embeds, negative)


def test_clip_skip_is_the_stock_pipelines_to_the_bit(pipeline: StableDiffusionXLPipeline) -> None:
    stock = pipeline.encode_prompt(
        "1girl, smile",
        device="cpu",
        do_classifier_free_guidance=True,
        negative_prompt="lowres",
        clip_skip=1,
    )
    ours = encoder_of(pipeline, EncodingMode.PADDED).encode("1girl, smile", "lowres", clip_skip=1)
    parts = (
        ours.prompt_embeds,
        ours.negative_prompt_embeds,
        ours.pooled_prompt_embeds,
        ours.negative_pooled_prompt_embeds,
    )
    assert all(torch.equal(mine, theirs) for mine, theirs in zip(parts, stock, strict=True))


class TestCache:
    """What a second person with the same tags costs."""

    @pytest.fixture
    def calls(self, pipeline: StableDiffusionXLPipeline) -> Iterator[list[int]]:
        calls: list[int] = []
        handle = pipeline.text_encoder.register_forward_pre_hook(lambda *_: calls.append(1))
        yield calls
        handle.remove()

    def test_a_text_is_encoded_once_whoever_asks_and_however_the_rest_differs(
        self, pipeline: StableDiffusionXLPipeline, calls: list[int]
    ) -> None:
        encoder = encoder_of(pipeline, EncodingMode.PADDED)
        first = encoder.encode("1girl, smile", "lowres")
        assert len(calls) == 2
        again = encoder.encode("1girl, smile", "lowres")
        encoder.encode("lowres", "1girl, smile")
        assert len(calls) == 2
        assert torch.equal(first.prompt_embeds, again.prompt_embeds)
        encoder.encode("(1girl:1.1), smile", "lowres")
        encoder.encode("1girl, smile", "lowres", clip_skip=1)
        assert len(calls) == 4

    def test_a_change_of_the_text_encoders_empties_it(
        self, pipeline: StableDiffusionXLPipeline, calls: list[int]
    ) -> None:
        encoder = encoder_of(pipeline, EncodingMode.PADDED)
        encoder.encode("1girl", "1girl")
        encoder.forget()
        encoder.encode("1girl", "1girl")
        assert len(calls) == 2

    def test_what_was_asked_for_longest_ago_makes_room(
        self, pipeline: StableDiffusionXLPipeline, calls: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(prompt_encoder, "CACHED_CHUNKS", 2)
        encoder = encoder_of(pipeline, EncodingMode.PADDED)
        for text in ("a", "b", "a", "c", "a"):
            encoder.encode(text, text)
        assert len(calls) == 3
        encoder.encode("b", "b")
        assert len(calls) == 4


def test_encoded_prompts_are_of_the_text_encoders_dtype(tiny_checkpoint: Path) -> None:
    halves = StableDiffusionXLPipeline.from_pretrained(
        tiny_checkpoint, dtype=torch.bfloat16, use_safetensors=True, add_watermarker=False
    )
    encoded: EncodedPrompt = encoder_of(halves, EncodingMode.PADDED).encode("(red:1.3) hair", "")
    assert encoded.prompt_embeds.dtype == encoded.pooled_prompt_embeds.dtype == torch.bfloat16
