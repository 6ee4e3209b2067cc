"""What a picture's file says of itself: what it was drawn from, for other tools, and that a machine drew it."""

import json

from generation.image import ImageParameters

PARAMETERS_KEY = "parameters"
"""The PNG text chunk that AUTOMATIC1111's web UI writes and most readers look for."""

DISCLAIMER_KEY, DISCLAIMER = "Disclaimer", "AI-generated picture"
"""A PNG text chunk for people who look into the file (PNG specification, section 11.3.3.2, keywords)."""

XMP_KEY = "XML:com.adobe.xmp"
"""The PNG text chunk that holds XMP (XMP specification, part 3)."""

AI_GENERATED_XMP = """\
<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
   <Iptc4xmpExt:DigitalSourceType>http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia</Iptc4xmpExt:DigitalSourceType>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""
"""IPTC's mark for media that a trained model made, which programs and platforms read (IPTC NewsCodes, Digital Source
Type)."""


def parameters_text(parameters: ImageParameters) -> str:
    """Describe a picture in the form of AUTOMATIC1111's web UI: prompt, negative prompt, one line of settings.

    Readers split the text at line ends, so those inside a prompt become spaces.
    """
    settings = {
        "Steps": parameters.num_inference_steps,
        "Sampler": parameters.sampler.value,
        "CFG scale": f"{parameters.guidance_scale:g}",
        "Seed": parameters.seed,
        "Size": f"{parameters.width}x{parameters.height}",
        "Model": _plain(parameters.model),
        **_unusual_settings(parameters),
        "Version": "Anim4gine Bot",
    }
    prompt = " ".join(
        [parameters.prompt, *(f"<lora:{lora.name}:{lora.weight:g}>" for lora in parameters.loras)]
    )
    lines = [_one_line(prompt)]
    if parameters.negative_prompt:
        lines.append(f"Negative prompt: {_one_line(parameters.negative_prompt)}")
    lines.append(", ".join(f"{name}: {value}" for name, value in settings.items()))
    return "\n".join(lines)


def _unusual_settings(parameters: ImageParameters) -> dict[str, object]:
    """What is written only where it was used, by the names that the web UI has for it, else by our own."""
    settings: dict[str, object] = {}
    if parameters.source is not None:
        settings["Denoising strength"] = f"{parameters.source.strength:g}"
    if parameters.source is not None and parameters.source.mask is not None:
        settings["Inpainting"] = "latent blending"
    if parameters.control is not None:
        settings["Control scale"] = f"{parameters.control.scale:g}"
    if parameters.variation is not None:
        settings["Variation seed"] = parameters.variation.seed
        settings["Variation seed strength"] = f"{parameters.variation.strength:g}"
    if parameters.upscale is not None:
        settings["Hires upscale"] = f"{parameters.upscale.factor:g}"
        settings["Hires upscaler"] = "Latent (nearest-exact)"
        settings["Denoising strength"] = f"{parameters.upscale.strength:g}"
    if parameters.clip_skip:
        # The web UI's 2 is what SDXL does anyway; ours counts from there.
        settings["Clip skip"] = parameters.clip_skip + 2
    if parameters.guidance_rescale:
        settings["Guidance rescale"] = f"{parameters.guidance_rescale:g}"
    if parameters.guided_share < 1:
        settings["Guided share"] = f"{parameters.guided_share:g}"
    for edit in parameters.edits:
        # As the web UI quotes values with commas in them.
        settings[f"Prompt from step {edit.first_step}"] = json.dumps(
            _one_line(edit.prompt), ensure_ascii=False
        )
    if parameters.precision:
        settings["Precision"] = parameters.precision
    return settings


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _plain(name: str) -> str:
    # Commas and colons separate the settings; a model's path or hub id keeps only its last part.
    return name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1].replace(",", " ").replace(":", " ")
