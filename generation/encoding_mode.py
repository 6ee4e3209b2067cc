"""How prompts become embeddings: as SDXL was trained, or as the model card's community pipeline does it."""

from enum import Enum


class EncodingMode(Enum):
    """A way to lay out a prompt's tokens.

    PADDED fills every chunk to 77 tokens, as in training, AUTOMATIC1111's web UI, ComfyUI and kohya's trainer. LPW
    gives row for row what `lpw_stable_diffusion_xl` gives, for those who repeat the model card's own pictures.
    """

    PADDED = "padded"
    LPW = "lpw"
