"""Writes a model as one file in the layout of Stability AI's own SDXL release, which sites for models hand out.

The names are those of the "generative-models" code that SDXL was trained with: what diffusers calls
`unet.down_blocks.1.resnets.0.conv1` is `model.diffusion_model.input_blocks.3.0.in_layers.2` there.
"""

from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

Tensors = dict[str, torch.Tensor]

RESNET_NAMES = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}

UNET_ENDS = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}

VAE_ATTENTION_NAMES = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}

OPEN_CLIP_NAMES = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}


def write_single_file(model: Path, file: Path) -> Path:
    """Write the weights of the diffusers folder `model` to `file`, unchanged, and return `file`."""
    tensors = {
        **{f"model.diffusion_model.{name}": tensor for name, tensor in unet(_weights(model, "unet"))},
        **{f"first_stage_model.{name}": tensor for name, tensor in vae(_weights(model, "vae"))},
        **{
            f"conditioner.embedders.0.transformer.text_model.{name.removeprefix('text_model.')}": tensor
            for name, tensor in _weights(model, "text_encoder").items()
        },
        **{
            f"conditioner.embedders.1.model.{name}": tensor
            for name, tensor in open_clip(_weights(model, "text_encoder_2"))
        },
    }
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, file)
    return file


def unet(weights: Tensors) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the UNet's tensors under their original names."""
    layers = 1 + max(int(name.split(".")[3]) for name in weights if name.startswith("down_blocks.0.resnets."))
    attention_blocks = {
        int(name.split(".")[1]) for name in weights if name.startswith("up_blocks.") if "attentions" in name
    }
    for name, tensor in weights.items():
        end = next((end for end in UNET_ENDS if name.startswith(f"{end}.")), None)
        if end is not None:
            yield name.replace(end, UNET_ENDS[end]), tensor
            continue
        side, *rest = name.split(".")
        if side == "mid_block":
            kind, number, *rest = rest
            place = f"middle_block.{2 * int(number) + (kind == 'attentions')}"
        else:
            block, kind, number, *rest = rest
            if side == "down_blocks":
                first = 1 + int(block) * (layers + 1)
                if kind == "downsamplers":
                    place, rest = f"input_blocks.{first + layers}.0", ["op", *rest[1:]]
                else:
                    place = f"input_blocks.{first + int(number)}.{int(kind == 'attentions')}"
            else:
                first = int(block) * (layers + 1)
                if kind == "upsamplers":
                    place = f"output_blocks.{first + layers}.{1 + (int(block) in attention_blocks)}"
                else:
                    place = f"output_blocks.{first + int(number)}.{int(kind == 'attentions')}"
        if kind == "resnets":
            rest = [RESNET_NAMES[rest[0]], *rest[1:]]
        yield ".".join([place, *rest]), tensor


def vae(weights: Tensors) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the VAE's tensors under their original names; its attention is made of 1 x 1 convolutions there."""
    up_blocks = 1 + max(int(name.split(".")[2]) for name in weights if name.startswith("decoder.up_blocks."))
    for name, tensor in weights.items():
        half, _, rest = name.partition(".")
        old = rest.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
        if rest.startswith("mid_block.resnets."):
            number, _, leaf = old.removeprefix("mid_block.resnets.").partition(".")
            old = f"mid.block_{int(number) + 1}.{leaf}"
        elif rest.startswith("mid_block.attentions.0."):
            leaf, _, kind = rest.removeprefix("mid_block.attentions.0.").rpartition(".")
            old = f"mid.attn_1.{VAE_ATTENTION_NAMES[leaf]}.{kind}"
        elif rest.startswith(("down_blocks.", "up_blocks.")):
            _, block, part, number, leaf = old.split(".", 4)
            if half == "encoder":
                old = (
                    f"down.{block}.block.{number}.{leaf}"
                    if part == "resnets"
                    else f"down.{block}.downsample.{leaf}"
                )
            else:
                level = up_blocks - 1 - int(block)
                old = (
                    f"up.{level}.block.{number}.{leaf}"
                    if part == "resnets"
                    else f"up.{level}.upsample.{leaf}"
                )
        is_matrix = "attn_1" in old and tensor.ndim == 2
        yield f"{half}.{old}", tensor[:, :, None, None] if is_matrix else tensor


def open_clip(weights: Tensors) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the second text encoder's tensors as OpenCLIP names them, with queries, keys and values in one."""
    for name, tensor in weights.items():
        rest = name.removeprefix("text_model.")
        if rest.startswith("encoder.layers."):
            number, leaf = rest.removeprefix("encoder.layers.").split(".", 1)
            block = f"transformer.resblocks.{number}"
            if ".q_proj." in leaf:
                kind = leaf.rpartition(".")[2]
                parts = [weights[name.replace("q_proj", f"{letter}_proj")] for letter in "qkv"]
                yield f"{block}.attn.in_proj_{kind}", torch.cat(parts)
            elif ".k_proj." not in leaf and ".v_proj." not in leaf:
                module, _, kind = leaf.rpartition(".")
                yield f"{block}.{OPEN_CLIP_NAMES[module]}.{kind}", tensor
        elif rest == "embeddings.token_embedding.weight":
            yield "token_embedding.weight", tensor
        elif rest == "embeddings.position_embedding.weight":
            yield "positional_embedding", tensor
        elif rest == "text_projection.weight":
            yield "text_projection", tensor.T
        else:
            yield rest.replace("final_layer_norm", "ln_final"), tensor


def _weights(model: Path, part: str) -> Tensors:
    (file,) = (model / part).glob("*.safetensors")
    weights: Tensors = load_file(file)
    return weights
