"""From weighted prompts to SDXL's conditioning: tokens in chunks, both CLIP encoders, weights on the result.

The grammar lives in `prompt_weighting.py`. Why this isn't a library, or the model card's community pipeline,
is told in `docs/decisions/0002-our-own-prompt-encoder.md`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from generation.prompt_weighting import WeightedText, parse_weighted_prompt

CHUNK_TOKENS = 75
"""Tokens of a prompt in one chunk; with the marks of begin and end it fills CLIP's 77 places."""

WEIGHT_LIMIT = 2.0
"""Weights act within -2 and 2; beyond, embeddings leave what the UNet has ever seen and pictures fall apart."""


@dataclass(frozen=True, slots=True)
class EncodedPrompt:
    """What the UNet is conditioned on, in the text encoders' dtype, on their device.

    `prompt_embeds` and `negative_prompt_embeds`: [1, 77 * chunks, hidden sizes of both encoders together],
    with equally many chunks. `pooled_prompt_embeds` and `negative_pooled_prompt_embeds`: [1, projection size
    of the second encoder].
    """

    prompt_embeds: torch.Tensor
    negative_prompt_embeds: torch.Tensor
    pooled_prompt_embeds: torch.Tensor
    negative_pooled_prompt_embeds: torch.Tensor


@dataclass(frozen=True, slots=True)
class _Chunk:
    """At most 75 tokens of one of the tokenizers, with their weights."""

    tokens: tuple[int, ...] = ()
    weights: tuple[float, ...] = ()


_ChunkPair = tuple[_Chunk, _Chunk]
"""What the first and the second text encoder read side by side."""


class PromptEncoder:
    """Encodes prompts for SDXL the way it was trained: every chunk padded to 77 tokens.

    An unweighted prompt of one chunk gives, bit for bit, what `StableDiffusionXLPipeline.encode_prompt` does.
    Longer ones are cut into chunks of 75 tokens, and at every BREAK; the pooled embedding is the first
    chunk's. A negative prompt is always encoded, an empty one too, never replaced by zeros.
    """

    def __init__(
        self,
        tokenizer: CLIPTokenizer,
        tokenizer_2: CLIPTokenizer,
        text_encoder: CLIPTextModel,
        text_encoder_2: CLIPTextModelWithProjection,
    ) -> None:
        self._tokenizer = tokenizer
        self._tokenizer_2 = tokenizer_2
        self._text_encoder = text_encoder
        self._text_encoder_2 = text_encoder_2

    @torch.inference_mode()
    def encode(self, prompt: str, negative_prompt: str) -> EncodedPrompt:
        """Encode both prompts; the one with fewer chunks is filled up with empty ones."""
        chunks, negative_chunks = self._chunks(prompt), self._chunks(negative_prompt)
        count = max(len(chunks), len(negative_chunks))
        embeds, pooled = self._encode_chunks(_filled_up(chunks, count))
        negative_embeds, negative_pooled = self._encode_chunks(_filled_up(negative_chunks, count))
        return EncodedPrompt(embeds, negative_embeds, pooled, negative_pooled)

    def _chunks(self, prompt: str) -> list[_ChunkPair]:
        """Cut `prompt` for both encoders, into as many chunks as the first tokenizer needs.

        The tokenizers don't agree: "!" pads the second, so a "!" in the text is its padding token there and
        "!!" is two where the first has one. What then is too much for the second encoder it doesn't see,
        which is what the stock pipeline does too.
        """
        chunks: list[_ChunkPair] = []
        for segment in parse_weighted_prompt(prompt).segments:
            first = _cut(self._tokenizer, segment)
            second = _cut(self._tokenizer_2, segment)[: len(first)]
            second += [_Chunk()] * (len(first) - len(second))
            chunks += zip(first, second, strict=True)
        return chunks or [(_Chunk(), _Chunk())]

    def _encode_chunks(self, chunks: list[_ChunkPair]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the chunks' embeddings side by side and the first chunk's pooled embedding."""
        first_chunks, second_chunks = zip(*chunks, strict=True)
        first = self._text_encoder(self._input_ids(first_chunks, self._tokenizer), output_hidden_states=True)
        second = self._text_encoder_2(
            self._input_ids(second_chunks, self._tokenizer_2), output_hidden_states=True
        )
        # SDXL reads the last but one layer of both encoders (clip_skip of its paper's section 2.1).
        embeds = torch.cat(
            (
                _weighted(first.hidden_states[-2], first_chunks),
                _weighted(second.hidden_states[-2], second_chunks),
            ),
            dim=-1,
        ).to(self._text_encoder_2.dtype)
        return embeds.reshape(1, -1, embeds.shape[-1]), second.text_embeds[:1]

    def _input_ids(self, chunks: Sequence[_Chunk], tokenizer: CLIPTokenizer) -> torch.Tensor:
        """Token ids of all chunks: [chunks, 77], each padded as its tokenizer does."""
        rows = []
        for chunk in chunks:
            padding = [tokenizer.pad_token_id] * (CHUNK_TOKENS - len(chunk.tokens))
            rows.append([tokenizer.bos_token_id, *chunk.tokens, tokenizer.eos_token_id, *padding])
        return torch.tensor(rows, device=self._text_encoder.device)


def count_tokens(tokenizer: CLIPTokenizer, prompt: str) -> int:
    """How many CLIP tokens `prompt` takes, without weights, escapes, and the marks of begin and end.

    A BREAK fills its chunk, so what stands before it counts as whole chunks of 75: the count tells the work
    that a prompt makes, however it is cut.
    """
    segments = parse_weighted_prompt(prompt).segments
    lengths = [sum(len(_tokenize(tokenizer, run.text)) for run in segment) for segment in segments]
    *broken_off, last = [length for length in lengths if length] or [0]
    return sum(math.ceil(length / CHUNK_TOKENS) * CHUNK_TOKENS for length in broken_off) + last


def _cut(tokenizer: CLIPTokenizer, segment: Sequence[WeightedText]) -> list[_Chunk]:
    """Tokenize a segment and cut it into chunks; none where it has no tokens."""
    tokens: list[int] = []
    weights: list[float] = []
    for run in segment:
        run_tokens = _tokenize(tokenizer, run.text)
        tokens += run_tokens
        weights += [max(-WEIGHT_LIMIT, min(WEIGHT_LIMIT, run.weight))] * len(run_tokens)
    parts = [slice(start, start + CHUNK_TOKENS) for start in range(0, len(tokens), CHUNK_TOKENS)]
    return [_Chunk(tuple(tokens[part]), tuple(weights[part])) for part in parts]


def _tokenize(tokenizer: CLIPTokenizer, text: str) -> list[int]:
    # Half a surrogate pair, which JSON can carry, is no character; the tokenizer would raise.
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    # verbose=False: a text over 77 tokens is no mistake here, it becomes several chunks.
    tokens: list[int] = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
    return tokens


def _filled_up(chunks: list[_ChunkPair], count: int) -> list[_ChunkPair]:
    return [*chunks, *[(_Chunk(), _Chunk())] * (count - len(chunks))]


def _weighted(embeds: torch.Tensor, chunks: Sequence[_Chunk]) -> torch.Tensor:
    """Move each token's row away from, or towards, the chunk's last row, by its weight, in float32.

    `embeds`: [chunks, 77, hidden]. The last row has seen the whole chunk and, being padding, stands for
    nothing in particular; the community pipeline of the model card weighs against it too. Unweighted chunks
    stay untouched, to the bit.
    """
    if all(weight == 1 for chunk in chunks for weight in chunk.weights):
        return embeds
    weights = torch.ones(embeds.shape[:2], dtype=torch.float32)
    for row, chunk in enumerate(chunks):
        weights[row, 1 : 1 + len(chunk.weights)] = torch.tensor(chunk.weights)
    weights = weights.to(embeds.device).unsqueeze(-1)
    rows = embeds.float()
    anchor = rows[:, -1:, :]
    moved = anchor + (rows - anchor) * weights
    # Rows of weight 1 stay to the bit, which the formula would round.
    return torch.where(weights == 1, rows, moved)
