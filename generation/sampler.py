"""The samplers that a picture can be drawn with, by the names that other tools know them by."""

from enum import Enum


class Sampler(Enum):
    """A way from noise to a picture. The value is its name in the metadata of AUTOMATIC1111's web UI.

    SGM Uniform ends its timesteps at the last one, which LoRAs for few steps (Lightning, DMD2) were trained for.
    """

    EULER_ANCESTRAL = "Euler a"
    EULER = "Euler"
    EULER_SGM_UNIFORM = "Euler SGM Uniform"
    DPM_PLUS_PLUS_2M_KARRAS = "DPM++ 2M Karras"
    UNIPC = "UniPC"
