"""One picture: all that it is drawn from, and what came out."""

from dataclasses import dataclass

from generation.lora import LoraWeight
from generation.sampler import Sampler
from generation.starting_point import ControlPicture, SourcePicture, Upscale, Variation
from generation.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptEdit:
    """Other prompts, from a denoising step of the first stage on."""

    first_step: int
    prompt: str
    negative_prompt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageParameters:
    """Everything that decides one picture; the same parameters give the same picture.

    `prompt` and `negative_prompt` are as the model reads them (weighting grammar, tags in order); `width` and
    `height` are in pixels, multiples of 8, before an upscale. `guidance_rescale` (0 to 1) tames the overexposure
    of strong guidance (arXiv 2305.08891, section 3.4). `clip_skip` leaves out as many more of the text
    encoders' last layers. `guided_share` is the share of the steps, from the first, that is guided at all: below
    1 the last steps follow the prompt alone, which is faster and changes the picture a little. `edits` take the
    prompts' place at their steps, in order. `model` is the
    name that goes into the file's metadata, as does `precision`, where the model computes in less than its own
    ("float8").
    """

    prompt: str
    negative_prompt: str
    width: int
    height: int
    num_inference_steps: int
    guidance_scale: float
    seed: int
    model: str
    sampler: Sampler = Sampler.EULER_ANCESTRAL
    guidance_rescale: float = 0.0
    guided_share: float = 1.0
    clip_skip: int = 0
    loras: tuple[LoraWeight, ...] = ()
    source: SourcePicture | None = None
    control: ControlPicture | None = None
    variation: Variation | None = None
    upscale: Upscale | None = None
    edits: tuple[PromptEdit, ...] = ()
    precision: str = ""

    @property
    def first_stage_steps(self) -> int:
        """Denoising steps at the picture's own size; a source picture's strength leaves some out."""
        return (
            _share(self.num_inference_steps, self.source.strength)
            if self.source
            else self.num_inference_steps
        )

    @property
    def upscale_steps(self) -> int:
        """Denoising steps after an upscale."""
        return _share(self.num_inference_steps, self.upscale.strength) if self.upscale else 0

    @property
    def total_steps(self) -> int:
        """Denoising steps in all."""
        return self.first_stage_steps + self.upscale_steps

    @property
    def cost(self) -> float:
        """Megapixels times steps: what this picture costs compared with others."""
        return self.work.megapixel_steps

    @property
    def work(self) -> Work:
        """What an engine has to do for it."""
        megapixels = self.width * self.height / 1e6
        enlarged = megapixels * (self.upscale.factor**2 if self.upscale else 1)
        steps = megapixels * self.first_stage_steps + enlarged * self.upscale_steps
        return Work(megapixel_steps=steps, megapixels=enlarged)


@dataclass(frozen=True, slots=True)
class Image:
    """A finished picture of a job. `png` is the file, its metadata inside."""

    parameters: ImageParameters
    png: bytes


def _share(steps: int, strength: float) -> int:
    """How many of `steps` diffusers' image-to-image pipeline draws at `strength`; where it draws none, one."""
    return max(1, min(int(steps * strength), steps))
