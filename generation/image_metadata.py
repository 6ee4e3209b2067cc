"""The `parameters` text inside a picture, by which other tools read what it was drawn from."""

from generation.image import ImageParameters

PARAMETERS_KEY = "parameters"
"""The PNG text chunk that AUTOMATIC1111's web UI writes and most readers look for."""


def parameters_text(parameters: ImageParameters) -> str:
    """Describe a picture in the form of AUTOMATIC1111's web UI: prompt, negative prompt, one line of settings.

    Readers split the text at line ends, so those inside a prompt become spaces.
    """
    settings = {
        "Steps": parameters.num_inference_steps,
        "Sampler": parameters.sampler,
        "CFG scale": f"{parameters.guidance_scale:g}",
        "Seed": parameters.seed,
        "Size": f"{parameters.width}x{parameters.height}",
        "Model": _plain(parameters.model),
        "Version": "Anim4gine Bot",
    }
    lines = [_one_line(parameters.prompt)]
    if parameters.negative_prompt:
        lines.append(f"Negative prompt: {_one_line(parameters.negative_prompt)}")
    lines.append(", ".join(f"{name}: {value}" for name, value in settings.items()))
    return "\n".join(lines)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _plain(name: str) -> str:
    # Commas and colons separate the settings; a model's path or hub id keeps only its last part.
    return name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1].replace(",", " ").replace(":", " ")
