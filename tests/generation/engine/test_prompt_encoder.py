"""The prompt encoder against diffusers' own, and its rules for weights, chunks and BREAK."""

from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionXLPipeline
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generation.engine.prompt_chunks import CHUNK_TOKENS, count_tokens
from generation.engine.prompt_encoder import EncodedPrompt, PromptEncoder
from generation.model_profile import ANIMAGINE_XL_4

ONE_CHUNK = [
    "",
    "1girl",
    "1girl, arima kana, oshi no ko, solo, idol, looking at viewer, smile, outdoors, night, masterpiece",
    "夜空, 銀髪の少女",
    "emoji 🎨 and ümläuts",
    "!",
    "k-on!, haikyu!!, what?! !!",
    "<|endoftext|> smile <|startoftext|>",
    ANIMAGINE_XL_4.negative_prompt,
]


@pytest.fixture(scope="module")
def pipeline(tiny_checkpoint: Path) -> StableDiffusionXLPipeline:
    return StableDiffusionXLPipeline.from_pretrained(
        tiny_checkpoint, dtype=torch.float32, use_safetensors=True, add_watermarker=False
    )


@pytest.fixture(scope="module")
def encoder(pipeline: StableDiffusionXLPipeline) -> PromptEncoder:
    return PromptEncoder(
        pipeline.tokenizer, pipeline.tokenizer_2, pipeline.text_encoder, pipeline.text_encoder_2
    )


def parts(encoded: EncodedPrompt) -> list[torch.Tensor]:
    return [
        encoded.prompt_embeds,
        encoded.negative_prompt_embeds,
        encoded.pooled_prompt_embeds,
        encoded.negative_pooled_prompt_embeds,
    ]


@pytest.mark.parametrize("prompt", ONE_CHUNK)
@pytest.mark.parametrize("negative_prompt", ["", "lowres, bad anatomy"])
def test_an_unweighted_prompt_of_one_chunk_equals_the_stock_pipeline_to_the_bit(
    pipeline: StableDiffusionXLPipeline, encoder: PromptEncoder, prompt: str, negative_prompt: str
) -> None:
    assert count_tokens(pipeline.tokenizer, prompt) <= CHUNK_TOKENS
    pe, ne, pp, np = pipeline.encode_prompt(
        prompt, device="cpu", do_classifier_free_guidance=True, negative_prompt=negative_prompt
    )
    for ours, stock in zip(parts(encoder.encode(prompt, negative_prompt)), (pe, ne, pp, np), strict=True):
        assert torch.equal(ours, stock)


def test_a_weight_moves_its_tokens_away_from_the_chunks_last_row(encoder: PromptEncoder) -> None:
    plain = encoder.encode("red hair", "").prompt_embeds[0]
    weighted = encoder.encode("red (hair:1.5)", "").prompt_embeds[0]
    changed = [row for row in range(77) if not torch.equal(plain[row], weighted[row])]
    red_tokens = encoder.encode("red", "").prompt_embeds[0]
    first_changed = next(row for row in range(77) if not torch.equal(plain[row], red_tokens[row]))
    assert changed[0] == first_changed
    for row in changed:
        expected = plain[76] + (plain[row] - plain[76]) * 1.5
        assert torch.allclose(weighted[row], expected, atol=1e-6)


def test_each_encoder_weighs_the_tokens_of_its_own_tokenizer(encoder: PromptEncoder) -> None:
    # "!" pads the second tokenizer, so "!!" is two tokens there, whatever the first makes of it.
    first_width = encoder._text_encoder.config.hidden_size
    plain = encoder.encode("!!, smile", "").prompt_embeds[0, :, first_width:]
    weighted = encoder.encode("(!!:1.5), smile", "").prompt_embeds[0, :, first_width:]
    changed = [row for row in range(77) if not torch.equal(plain[row], weighted[row])]
    assert changed == [1, 2]
    assert torch.allclose(weighted[1:3], plain[76] + (plain[1:3] - plain[76]) * 1.5, atol=1e-6)


def test_a_full_chunk_with_exclamation_marks_stays_one_chunk_as_in_the_stock_pipeline(
    pipeline: StableDiffusionXLPipeline, encoder: PromptEncoder
) -> None:
    prompt = "cat " + "夜" * 20
    while count_tokens(pipeline.tokenizer, prompt) < CHUNK_TOKENS:
        prompt = "! " + prompt
    while count_tokens(pipeline.tokenizer, prompt) > CHUNK_TOKENS:
        prompt = prompt[:-1]
    pe, ne, pp, np = pipeline.encode_prompt(
        prompt, device="cpu", do_classifier_free_guidance=True, negative_prompt=""
    )
    for ours, stock in zip(parts(encoder.encode(prompt, "")), (pe, ne, pp, np), strict=True):
        assert torch.equal(ours, stock)


def test_weights_leave_the_pooled_embedding_alone(encoder: PromptEncoder) -> None:
    plain, weighted = encoder.encode("red hair", ""), encoder.encode("(red:1.4) [hair]", "")
    assert torch.equal(plain.pooled_prompt_embeds, weighted.pooled_prompt_embeds)


def test_a_weight_acts_as_it_stands_however_large(encoder: PromptEncoder) -> None:
    plain, strong = (encoder.encode(text, "").prompt_embeds[0] for text in ("a", "(a:5)"))
    assert torch.allclose(strong[1], plain[76] + (plain[1] - plain[76]) * 5, atol=1e-4)


def test_a_long_prompt_becomes_chunks_and_the_other_side_is_filled_up(encoder: PromptEncoder) -> None:
    long = ", ".join(["long hair"] * 80)
    encoded = encoder.encode(long, "lowres")
    chunks, rest = divmod(encoded.prompt_embeds.shape[1], 77)
    assert rest == 0
    assert chunks > 1
    assert encoded.negative_prompt_embeds.shape == encoded.prompt_embeds.shape
    alone = encoder.encode("lowres", "")
    assert torch.allclose(encoded.negative_prompt_embeds[:, :77], alone.prompt_embeds, atol=1e-5)
    assert torch.allclose(encoded.negative_prompt_embeds[:, 77:154], alone.negative_prompt_embeds, atol=1e-5)


def test_break_puts_each_part_into_a_chunk_of_its_own(encoder: PromptEncoder) -> None:
    both = encoder.encode("red hair BREAK blue sky", "")
    for place, text in enumerate(("red hair", "blue sky")):
        alone = encoder.encode(text, "").prompt_embeds
        assert torch.allclose(both.prompt_embeds[:, 77 * place : 77 * place + 77], alone, atol=1e-5)
    first = encoder.encode("red hair", "").pooled_prompt_embeds
    assert torch.allclose(both.pooled_prompt_embeds, first, atol=1e-5)


@pytest.mark.parametrize("prompt", ["BREAK", "a BREAK", "BREAK a", "a BREAK BREAK BREAK b"])
def test_a_break_beside_nothing_makes_no_empty_chunk(encoder: PromptEncoder, prompt: str) -> None:
    chunks = max(1, len(prompt.replace("BREAK", " ").split()))
    assert encoder.encode(prompt, "").prompt_embeds.shape[1] == 77 * chunks


def test_an_escaped_parenthesis_is_the_character(encoder: PromptEncoder) -> None:
    escaped, doubled = encoder.encode(r"a \(b\)", ""), encoder.encode(r"a \(b\) ", "")
    assert torch.equal(escaped.prompt_embeds, doubled.prompt_embeds)
    assert not torch.equal(escaped.prompt_embeds, encoder.encode("a b", "").prompt_embeds)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(prompt=st.text(max_size=120), negative_prompt=st.text(alphabet="()[]:\\1. aB", max_size=40))
def test_any_text_is_encoded_to_finite_numbers(
    encoder: PromptEncoder, prompt: str, negative_prompt: str
) -> None:
    assert all(torch.isfinite(part).all() for part in parts(encoder.encode(prompt, negative_prompt)))


@pytest.mark.parametrize("prompt", ["\ud800", "a \udfff b", "(\ud83d:1.2)"])
def test_half_a_character_is_encoded_as_the_sign_for_an_unknown_one(
    encoder: PromptEncoder, prompt: str
) -> None:
    known = "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in prompt)
    ours, expected = encoder.encode(prompt, prompt), encoder.encode(known, known)
    for part, expected_part in zip(parts(ours), parts(expected), strict=True):
        assert torch.equal(part, expected_part)


def test_tokens_are_counted_without_marks_weights_and_escapes(pipeline: StableDiffusionXLPipeline) -> None:
    tokenizer = pipeline.tokenizer
    assert count_tokens(tokenizer, "") == 0
    plain = count_tokens(tokenizer, "long hair, smile")
    assert plain == len(tokenizer("long hair, smile")["input_ids"]) - 2
    assert count_tokens(tokenizer, "(long hair, smile:1.3)") == plain
    assert count_tokens(tokenizer, "BREAK long hair, smile BREAK") == plain


def test_a_break_counts_as_the_chunk_that_it_fills(pipeline: StableDiffusionXLPipeline) -> None:
    plain = count_tokens(pipeline.tokenizer, "long hair, smile")
    broken = count_tokens(pipeline.tokenizer, "long hair, smile BREAK long hair, smile")
    assert broken == CHUNK_TOKENS + plain
    assert count_tokens(pipeline.tokenizer, "a BREAK " * 100) == 99 * CHUNK_TOKENS + 1
