"""diffusers' own schedulers for our samplers: one object a picture, since a scheduler remembers its steps."""

from collections.abc import Mapping
from typing import Any

from diffusers import (
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    UniPCMultistepScheduler,
)

from generation.sampler import Sampler

_SCHEDULERS: Mapping[Sampler, tuple[type[Any], Mapping[str, Any]]] = {
    Sampler.EULER_ANCESTRAL: (EulerAncestralDiscreteScheduler, {}),
    Sampler.EULER: (EulerDiscreteScheduler, {}),
    Sampler.EULER_SGM_UNIFORM: (EulerDiscreteScheduler, {"timestep_spacing": "trailing"}),
    Sampler.DPM_PLUS_PLUS_2M_KARRAS: (
        DPMSolverMultistepScheduler,
        {"algorithm_type": "dpmsolver++", "solver_order": 2, "use_karras_sigmas": True},
    ),
    Sampler.UNIPC: (UniPCMultistepScheduler, {}),
}


def make_scheduler(sampler: Sampler, model_config: Mapping[str, Any]) -> Any:
    """Make a fresh scheduler of `sampler`, with the noise schedule of the model's own scheduler configuration."""
    scheduler, options = _SCHEDULERS[sampler]
    return scheduler.from_config(model_config, **options)
