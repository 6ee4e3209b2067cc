"""Cross-attention over texts of different lengths in one call of the UNet, each seen at its own length.

A mask would do too, but masked attention rounds otherwise than the plain one that a picture alone gets, and in
half precision that shows. So only the attention to the text is taken length by length, without a mask; all other
layers run over the whole batch.
"""

from collections.abc import Sequence
from typing import Any

import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor2_0

TEXT_LENGTHS = "text_lengths"
"""Name of the argument in the UNet's `cross_attention_kwargs`: for each row, how many places are text."""


class TextLengthAttention(AttnProcessor2_0):  # type: ignore[misc]  # diffusers ships no types
    """diffusers' attention with torch's scaled dot product, for rows of texts of different lengths."""

    def __call__(
        self,
        attn: Any,
        hidden_states: torch.Tensor,
        encoder_hidden_states: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        temb: torch.Tensor | None = None,
        text_lengths: Sequence[int] | None = None,
    ) -> torch.Tensor:
        """Attend; with `text_lengths`, each row of `encoder_hidden_states` only up to its own length."""
        if encoder_hidden_states is None or text_lengths is None or len(set(text_lengths)) == 1:
            attended: torch.Tensor = super().__call__(
                attn, hidden_states, encoder_hidden_states, attention_mask, temb
            )
            return attended
        attended = torch.empty_like(hidden_states)
        for length in sorted(set(text_lengths)):
            rows = [row for row, own in enumerate(text_lengths) if own == length]
            text = encoder_hidden_states[rows, :length]
            attended[rows] = super().__call__(attn, hidden_states[rows], text, None, temb)
        return attended


def attend_by_text_length(network: UNet2DConditionModel | ControlNetModel) -> None:
    """Make `network` understand `TEXT_LENGTHS`."""
    network.set_attn_processor(TextLengthAttention())
