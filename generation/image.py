"""One picture: all that it is drawn from, and what came out."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageParameters:
    """Everything that decides one picture; the same parameters give the same picture.

    `prompt` and `negative_prompt` are as the model reads them (weighting grammar, tags in order); `width` and
    `height` are in pixels; `sampler` and `model` are the names that go into the file's metadata.
    """

    prompt: str
    negative_prompt: str
    width: int
    height: int
    num_inference_steps: int
    guidance_scale: float
    seed: int
    sampler: str
    model: str

    @property
    def cost(self) -> float:
        """Megapixels times steps: what this picture costs compared with others."""
        return self.width * self.height / 1e6 * self.num_inference_steps


@dataclass(frozen=True, slots=True)
class Image:
    """A finished picture of a job. `png` is the file, its metadata inside."""

    parameters: ImageParameters
    png: bytes
