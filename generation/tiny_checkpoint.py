"""The practice model: a whole SDXL checkpoint of 10 MB with random weights, made on the spot.

It has the five parts, classes, files and token ids of a real SDXL folder, so that everything which draws can run
and be tested without a download; its tokenizers are CLIP's own, so tokens are counted as by the real model. Its
pictures show painted clouds, other ones for each prompt and seed, not what was asked for: part of the weights
isn't random but lets latents pass, blurred (see `_shape_unet`).

    python -m generation.tiny_checkpoint FOLDER
"""

import sys
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from diffusers import AutoencoderKL, StableDiffusionXLPipeline, UNet2DConditionModel
    from diffusers.models.resnet import ResnetBlock2D
    from torch import nn
    from transformers import CLIPTextModel, CLIPTextModelWithProjection

PARTS = (
    "model_index.json",
    "scheduler/scheduler_config.json",
    "text_encoder/model.safetensors",
    "text_encoder_2/model.safetensors",
    "tokenizer/tokenizer_config.json",
    "tokenizer_2/tokenizer_config.json",
    "unet/diffusion_pytorch_model.safetensors",
    "vae/diffusion_pytorch_model.safetensors",
)
"""Files by which a finished checkpoint is known."""

TEXT_WIDTH, TEXT_WIDTH_2 = 8, 16
"""Hidden sizes of the two text encoders (768 and 1280 in SDXL). The UNet reads them side by side."""

TIME_ID_WIDTH = 8
"""Numbers per each of the six size conditions (256 in SDXL)."""

TEXT_WEIGHT_SCALE = 0.2
"""Standard deviation of the text encoders' weights; CLIP's own 0.02 makes all prompts nearly alike."""

PALETTE = (
    (0.32, 0.20, 0.14, 0.00),
    (0.32, -0.04, -0.14, 0.10),
    (0.24, -0.18, 0.12, 0.14),
)
"""What each latent channel adds to red, green and blue: light, orange to blue, green to violet, a hint of teal."""

MEAN_COLOUR = (0.15, 0.05, 0.25)
"""Red, green and blue of the average pixel, on the decoder's scale of -1 to 1: a light violet."""


def is_built(folder: Path) -> bool:
    """Tell whether `folder` holds a finished practice model. Imports nothing heavy."""
    return all((folder / part).is_file() for part in PARTS)


def build_tiny_checkpoint(folder: Path, *, seed: int = 0) -> Path:
    """Make the practice model in `folder` unless it is there already, and return `folder`.

    The same `seed` gives the same bytes. The folder appears in one piece, so several processes may build it at once.

    Raises:
        FileExistsError: `folder` holds something else.
        OSError: `folder` can't be written.
    """
    if is_built(folder):
        return folder
    if folder.exists() and any(folder.iterdir()) and not is_built(folder):
        raise FileExistsError(f"{folder} is neither empty nor a practice model")
    folder.parent.mkdir(parents=True, exist_ok=True)
    workplace = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        finished = workplace / folder.name
        _tiny_pipeline(seed).save_pretrained(finished, safe_serialization=True)
        try:
            finished.replace(folder)
        except OSError:
            if not is_built(folder):  # it is built where another process was faster
                raise
    finally:
        rmtree(workplace)
    return folder


def _tiny_pipeline(seed: int) -> "StableDiffusionXLPipeline":
    # torch and diffusers take seconds to import: too long for a program that only asks whether the model is there.
    import torch  # noqa: PLC0415
    from diffusers import EulerAncestralDiscreteScheduler, StableDiffusionXLPipeline  # noqa: PLC0415

    from generation.engine.sdxl_config.clip_tokenizer import clip_tokenizer  # noqa: PLC0415

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        text_encoder, text_encoder_2 = _text_encoders()
        unet = _unet()
        vae = _vae()
    with torch.no_grad():
        _shape_unet(unet)
        _shape_decoder(vae)
    return StableDiffusionXLPipeline(
        vae=vae.half(),
        text_encoder=text_encoder.half(),
        text_encoder_2=text_encoder_2.half(),
        tokenizer=clip_tokenizer(pad_token="<|endoftext|>"),  # noqa: S106 - a token of a text, no secret
        tokenizer_2=clip_tokenizer(pad_token="!"),  # noqa: S106 - as above
        unet=unet.half(),
        scheduler=EulerAncestralDiscreteScheduler(
            num_train_timesteps=1000,
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            prediction_type="epsilon",
            timestep_spacing="leading",
            steps_offset=1,
        ),
        force_zeros_for_empty_prompt=True,
        add_watermarker=False,
    )


def _text_encoders() -> "tuple[CLIPTextModel, CLIPTextModelWithProjection]":
    from torch import nn  # noqa: PLC0415 - see _tiny_pipeline
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection  # noqa: PLC0415

    def config(width: int, hidden_act: str) -> CLIPTextConfig:
        return CLIPTextConfig(
            vocab_size=49_408,
            max_position_embeddings=77,
            hidden_size=width,
            intermediate_size=4 * width,
            projection_dim=width,
            num_hidden_layers=3,
            num_attention_heads=2,
            hidden_act=hidden_act,
            # What SDXL ships: not the tokens' real ids, and CLIP then pools at the highest id, the end token.
            bos_token_id=0,
            eos_token_id=2,
            pad_token_id=1,
        )

    text_encoder = CLIPTextModel(config(TEXT_WIDTH, "quick_gelu"))
    text_encoder_2 = CLIPTextModelWithProjection(config(TEXT_WIDTH_2, "gelu"))
    for encoder in (text_encoder, text_encoder_2):
        for parameter in encoder.parameters():
            if parameter.ndim > 1:
                nn.init.normal_(parameter, std=TEXT_WEIGHT_SCALE)
    return text_encoder, text_encoder_2


def _unet() -> "UNet2DConditionModel":
    from diffusers import UNet2DConditionModel  # noqa: PLC0415 - see _tiny_pipeline

    return UNet2DConditionModel(
        sample_size=128,
        in_channels=4,
        out_channels=4,
        block_out_channels=(8, 8, 16),
        layers_per_block=1,
        # SDXL also has attention on the second level; without it the model draws twice as fast on a CPU.
        down_block_types=("DownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        attention_head_dim=(1, 1, 2),
        transformer_layers_per_block=[1, 1, 1],
        use_linear_projection=True,
        cross_attention_dim=TEXT_WIDTH + TEXT_WIDTH_2,
        norm_num_groups=4,
        addition_embed_type="text_time",
        addition_time_embed_dim=TIME_ID_WIDTH,
        projection_class_embeddings_input_dim=TEXT_WIDTH_2 + 6 * TIME_ID_WIDTH,
    )


def _vae() -> "AutoencoderKL":
    from diffusers import AutoencoderKL  # noqa: PLC0415 - see _tiny_pipeline

    return AutoencoderKL(
        sample_size=1024,
        block_out_channels=(4, 4, 8, 8),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        scaling_factor=0.13025,
        force_upcast=True,
    )


def _shape_unet(unet: "UNet2DConditionModel") -> None:
    """Make the noise that the UNet predicts the latents less a blurred copy of themselves.

    Its pictures then are what low frequencies of the first noise grow into, under the random influence of the
    deepest level, where the text is looked at. The factors were chosen by eye.
    """
    import torch  # noqa: PLC0415 - see _tiny_pipeline

    _pass(unet.conv_in, _signed_pairs())
    for block, is_deepest in (
        *((block, block is unet.down_blocks[-1]) for block in unet.down_blocks),
        (unet.mid_block, True),
        *((block, block is unet.up_blocks[0]) for block in unet.up_blocks),
    ):
        for resnet in block.resnets:
            _calm(resnet, 0.6 if is_deepest else 0.0)
        for attention in getattr(block, "attentions", ()):
            for layer in attention.transformer_blocks:
                layer.attn2.to_q.weight.mul_(6.0)
                layer.attn2.to_out[0].weight.mul_(2.0)
        for sampler in (
            *(getattr(block, "downsamplers", None) or ()),
            *(getattr(block, "upsamplers", None) or ()),
        ):
            _pass(sampler.conv, blur=True)
    # The last block reads what came up from below beside what `conv_in` gave: the copy and the latents.
    below_and_latents = torch.cat([-0.9 * torch.eye(8), torch.eye(8)], dim=1)
    _pass(unet.up_blocks[-1].resnets[-1].conv_shortcut, below_and_latents)
    # Normalised over a pair the values have the noise's own deviation of 1, and silu(x) - silu(-x) is x again.
    _pass(unet.conv_out, _signed_pairs().T)


def _shape_decoder(vae: "AutoencoderKL") -> None:
    """Make the decoder enlarge latents softly and mix them to colours; its random layers add some texture."""
    import torch  # noqa: PLC0415 - see _tiny_pipeline

    decoder = vae.decoder
    _pass(vae.post_quant_conv)
    _pass(decoder.conv_in, _signed_pairs(), blur=True)
    for block in (decoder.mid_block, *decoder.up_blocks):
        for resnet in block.resnets:
            _calm(resnet, 0.5)
        for sampler in getattr(block, "upsamplers", None) or ():
            _pass(sampler.conv, blur=True)
    _pass(decoder.up_blocks[2].resnets[0].conv_shortcut, _signed_pairs().T / 2)
    # From 2 on silu is nearly straight; it makes 1.8 of 2, which the bias takes away again.
    decoder.conv_norm_out.bias.fill_(2.0)
    palette = torch.tensor(PALETTE)
    _pass(decoder.conv_out, palette, blur=True)
    decoder.conv_out.bias.copy_(torch.tensor(MEAN_COLOUR) - 1.8 * palette.sum(dim=1))


def _signed_pairs() -> "torch.Tensor":
    """Return the matrix [8, 4] that turns four latent channels into four pairs (x, -x)."""
    import torch  # noqa: PLC0415 - see _tiny_pipeline

    return torch.stack([torch.eye(4), -torch.eye(4)], dim=1).reshape(8, 4)


def _calm(resnet: "ResnetBlock2D", factor: float) -> None:
    """Scale what a residual block adds to its input, and let the input pass where its width changes."""
    resnet.conv2.weight.mul_(factor)
    resnet.conv2.bias.zero_()
    if resnet.conv_shortcut is not None:
        _pass(resnet.conv_shortcut)


def _pass(convolution: "nn.Conv2d", channels: "torch.Tensor | None" = None, *, blur: bool = False) -> None:
    """Make a convolution mix channels by the matrix [out, in], and leave places alone or blur them a little.

    Without a matrix each channel goes to the one of the same number, as far as there are as many.
    """
    import torch  # noqa: PLC0415 - see _tiny_pipeline

    if channels is None:
        channels = torch.eye(convolution.out_channels, convolution.in_channels)
    kernel = torch.zeros(convolution.kernel_size)
    if blur:
        kernel += torch.outer(torch.tensor([0.25, 0.5, 0.25]), torch.tensor([0.25, 0.5, 0.25]))
    else:
        kernel[kernel.shape[0] // 2, kernel.shape[1] // 2] = 1.0
    convolution.weight.copy_(channels[:, :, None, None] * kernel)
    if convolution.bias is not None:
        convolution.bias.zero_()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Usage: python -m generation.tiny_checkpoint FOLDER")
    build_tiny_checkpoint(Path(sys.argv[1]))
