"""From weighted prompts to SDXL's conditioning: both CLIP encoders over chunks of tokens, weights on the result.

How a prompt becomes chunks is `prompt_chunks.py`'s.
"""

from collections import OrderedDict
from dataclasses import dataclass

import torch
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from generation.encoding_mode import EncodingMode
from generation.engine.prompt_chunks import Chunk, ChunkPair, lpw_chunks, padded_chunks

CACHED_CHUNKS = 64
"""Encoded chunks that are kept. An event shares its tags, and all share the negative; each takes 0.3 MB in 16 bits."""

SDXL_LAYER = 2
"""SDXL reads the last but one layer of both text encoders (its paper, section 2.1)."""


@dataclass(frozen=True, slots=True)
class EncodedPrompt:
    """What the UNet is conditioned on, in the text encoders' dtype, on their device. Look, don't write.

    `prompt_embeds` and `negative_prompt_embeds`: [1, places, hidden sizes of both encoders together], with equally
    many places. `pooled_prompt_embeds` and `negative_pooled_prompt_embeds`: [1, projection size of the second
    encoder].
    """

    prompt_embeds: torch.Tensor
    negative_prompt_embeds: torch.Tensor
    pooled_prompt_embeds: torch.Tensor
    negative_pooled_prompt_embeds: torch.Tensor


@dataclass(frozen=True, slots=True)
class _EncodedChunk:
    """A chunk's rows [1, places, hidden sizes together] and its pooled embedding [1, projection size]."""

    embeds: torch.Tensor
    pooled_embeds: torch.Tensor


class PromptEncoder:
    """Encodes prompts for SDXL, in one of two modes.

    PADDED is how SDXL was trained: an unweighted prompt of one chunk gives, bit for bit, what
    `StableDiffusionXLPipeline.encode_prompt` does; the pooled embedding is the first chunk's. LPW gives row for row
    what the model card's community pipeline gives; the pooled embedding is the last chunk's. In both a negative
    prompt is always encoded, an empty one too, never replaced by zeros.
    """

    def __init__(
        self,
        tokenizer: CLIPTokenizer,
        tokenizer_2: CLIPTokenizer,
        text_encoder: CLIPTextModel,
        text_encoder_2: CLIPTextModelWithProjection,
        *,
        mode: EncodingMode = EncodingMode.PADDED,
        device: torch.device | None = None,
    ) -> None:
        self._tokenizers = tokenizer, tokenizer_2
        self._text_encoder = text_encoder
        self._text_encoder_2 = text_encoder_2
        self._mode = mode
        self._device = text_encoder.device if device is None else device
        self._cache: OrderedDict[tuple[ChunkPair, int], _EncodedChunk] = OrderedDict()

    def encode(self, prompt: str, negative_prompt: str, *, clip_skip: int = 0) -> EncodedPrompt:
        """Encode both prompts. `clip_skip` leaves out as many more layers for the prompt, as in the stock pipeline."""
        lay_out = padded_chunks if self._mode is EncodingMode.PADDED else lpw_chunks
        chunks, negative_chunks = lay_out(prompt, negative_prompt, *self._tokenizers)
        embeds, pooled = self._encode_chunks(chunks, clip_skip)
        negative_embeds, negative_pooled = self._encode_chunks(negative_chunks, 0)
        return EncodedPrompt(embeds, negative_embeds, pooled, negative_pooled)

    def forget(self) -> None:
        """Empty the cache: the text encoders give something else from now on, as after a change of LoRAs."""
        self._cache.clear()

    def _encode_chunks(self, chunks: list[ChunkPair], clip_skip: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the chunks' rows side by side, and the pooled embedding of the chunk that the mode takes."""
        encoded = [self._cached(chunk, clip_skip) for chunk in chunks]
        pooled = encoded[0 if self._mode is EncodingMode.PADDED else -1].pooled_embeds
        return torch.cat([chunk.embeds for chunk in encoded], dim=1), pooled

    def _cached(self, chunk: ChunkPair, clip_skip: int) -> _EncodedChunk:
        key = chunk, clip_skip
        if key not in self._cache:
            self._cache[key] = self._encode_chunk(chunk, clip_skip)
            if len(self._cache) > CACHED_CHUNKS:
                self._cache.popitem(last=False)
        self._cache.move_to_end(key)
        return self._cache[key]

    @torch.inference_mode()
    def _encode_chunk(self, chunk: ChunkPair, clip_skip: int) -> _EncodedChunk:
        first, second = (
            encoder(torch.tensor([part.ids], device=self._device), output_hidden_states=True)
            for encoder, part in (
                (self._text_encoder, chunk.first),
                (self._text_encoder_2, chunk.second),
            )
        )
        layer = -(SDXL_LAYER + clip_skip)
        embeds = torch.cat(
            (
                _weighted(first.hidden_states[layer], chunk.first),
                _weighted(second.hidden_states[layer], chunk.second),
            ),
            dim=-1,
        )
        return _EncodedChunk(embeds.to(self._text_encoder_2.dtype), second.text_embeds)


def _weighted(embeds: torch.Tensor, chunk: Chunk) -> torch.Tensor:
    """Move each token's row away from, or towards, the chunk's last row, by its weight, in float32.

    `embeds`: [1, places, hidden]. The last row has seen the whole chunk and, being padding or the end mark, stands
    for nothing in particular; the community pipeline of the model card weighs against it too. Unweighted chunks
    stay untouched, to the bit.
    """
    if all(weight == 1 for weight in chunk.weights):
        return embeds
    weights = torch.tensor(chunk.weights, dtype=torch.float32, device=embeds.device).unsqueeze(-1)
    rows = embeds.float()
    anchor = rows[:, -1:, :]
    moved = anchor + (rows - anchor) * weights
    # Rows of weight 1 stay to the bit, which the formula would round.
    return torch.where(weights == 1, rows, moved)
