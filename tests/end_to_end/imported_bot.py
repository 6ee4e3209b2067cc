"""All that the bot imports, to be loaded once and forked many times: importing torch and its kin takes most of a start,
and the tests start some two hundred bots.

Nothing here may start a thread or compute with torch: a fork takes over only the thread that calls it.
"""

# What the engine imports on its own thread, and what transformers and diffusers import when first asked for it.
from diffusers import EulerAncestralDiscreteScheduler, StableDiffusionXLPipeline  # noqa: F401 - for the forks
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer  # noqa: F401 - for the forks

import bot  # noqa: F401 - for the forks
import generation.engine.picture_order
import generation.engine.sdxl_model  # noqa: F401 - for the forks
