"""What a picture may start from besides the noise of its seed. Plain values: importing this imports no torch.

Files are bytes like any others; their type only says that they are base64 where a job is written as JSON.
"""

from dataclasses import dataclass

from pydantic import Base64Bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePicture:
    """A picture to draw over (image-to-image), or, with a mask, to draw a part of anew (inpainting).

    `content` is an image file that Pillow reads, checked by whoever took it in; it is enlarged or shrunk to the
    size that is drawn. `strength`, above 0 and up to 1, is the share of the steps that is drawn: 1 keeps next to
    nothing of the picture. `mask` is an image file too: white is drawn anew, black is kept. `described` is the prompt
    that the file says it was drawn from, for the policy to read.
    """

    content: Base64Bytes
    strength: float
    mask: Base64Bytes | None = None
    described: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPicture:
    """A picture that the operator's ControlNet reads: edges, a pose, whatever it was trained on.

    `content` is an image file, as for `SourcePicture`; `scale` is how strongly it steers, 1 as trained.
    """

    content: Base64Bytes
    scale: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """A step from the seed's noise towards another seed's, on the sphere: 0 stays, 1 is the other picture."""

    seed: int
    strength: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Upscale:
    """Enlarge the finished latents by `factor`, then draw the last `strength` share of the steps again.

    It is how the demo of Animagine XL refines its pictures: 1.5 times, strength 0.55.
    """

    factor: float
    strength: float = 0.55
