"""Loads an SDXL model, and says in our own errors why one can't be loaded. Opens only safetensors: pickles run code.

Importing this module imports torch and diffusers, which takes seconds.
"""

import errno
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from diffusers import AutoencoderKL, EulerAncestralDiscreteScheduler, StableDiffusionXLPipeline
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from safetensors import SafetensorError, safe_open
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from generation.engine.device_choice import device_for, dtype_for, vae_dtype_for
from generation.engine.sdxl_config.clip_tokenizer import END_ID, END_TOKEN, clip_tokenizer
from generation.model_errors import (
    BrokenModelFile,
    ModelLoadError,
    ModelNotFound,
    UnsafeModelFile,
    WrongModelKind,
    first_line,
)
from generation.model_source import ModelSource

SDXL_CONFIG = Path(__file__).with_name("sdxl_config")
"""SDXL's configurations in diffusers' layout, without tokenizers: `clip_tokenizer` makes those."""

PICKLE_SUFFIXES = frozenset({".ckpt", ".bin", ".pt", ".pth", ".pkl"})

MODEL_PARTS = ("text_encoder", "text_encoder_2", "unet", "vae")
"""Folders of a model in diffusers' layout that hold weights."""

SINGLE_FILE_TENSORS = {
    "the UNet": "model.diffusion_model.input_blocks.0.0.weight",
    "SDXL's size conditions": "model.diffusion_model.label_emb.0.0.weight",
    "the first text encoder": "conditioner.embedders.0.transformer.text_model.embeddings.position_embedding.weight",
    "the second text encoder": "conditioner.embedders.1.model.positional_embedding",
    "the VAE": "first_stage_model.decoder.conv_in.weight",
}
"""A tensor by which each part of SDXL is known in a single file (the names of Stability AI's own release)."""

LATENT_CHANNELS = 4
"""What SDXL's UNet reads; variants for inpainting read 9."""

SECOND_PAD_TOKEN = "!"  # noqa: S105 - a token of a text, no secret
"""What SDXL's second tokenizer pads with; its id is 0."""


def load_pipeline(source: ModelSource) -> StableDiffusionXLPipeline:
    """Load the model into the computer's memory, with the Euler Ancestral scheduler; `placement.py` moves it.

    The UNet and the text encoders get the source's dtype. The VAE overflows float16 (diffusers issue 7188), so
    it gets bfloat16 on CUDA devices that have it, else float32. Local sources are loaded without the network.

    Raises:
        ModelNotFound: nothing has this name, or the Hub can't be reached.
        UnsafeModelFile: the weights are pickles.
        BrokenModelFile: a file can't be read or lacks something.
        WrongModelKind: it isn't SDXL.
        DeviceUnavailable: this machine has no such device.
        ModelLoadError: anything else, such as a full disk.
    """
    device = device_for(source)
    dtype = dtype_for(source, device)
    vae_dtype = vae_dtype_for(device)
    _show_no_progress_bars()
    file = _single_file(source)
    if file is not None:
        _check_single_file(source, file)
        with broken_files_named(source):
            pipeline = _read_single_file(source, file, dtype, vae_dtype)
    else:
        folder = _folder(source)
        with broken_files_named(source):
            pipeline = _read_folder(source, folder, dtype, vae_dtype)
    _check_pipeline(source, pipeline)
    pipeline.scheduler = EulerAncestralDiscreteScheduler.from_config(pipeline.scheduler.config)
    return pipeline


def load_text_parts(source: ModelSource) -> StableDiffusionXLPipeline:
    """Load a pipeline whose tokenizers and text encoders alone are there, where the source can be read in parts.

    For who looks at prompts; the text encoders are on the CPU in float32. Raises as `load_pipeline` does.
    """
    _show_no_progress_bars()
    file = _single_file(source)
    if file is not None:
        _check_single_file(source, file)
        with broken_files_named(source):
            return _read_single_file(source, file, torch.float32, torch.float32)
    folder = _folder(source)
    with broken_files_named(source):
        return StableDiffusionXLPipeline.from_pretrained(
            folder,
            **_text_encoders(source, folder, torch.float32),
            unet=None,
            vae=None,
            add_watermarker=False,
            local_files_only=True,
        )


def load_tokenizer(source: ModelSource) -> CLIPTokenizer:
    """Load the first tokenizer alone; it counts as many tokens as the second.

    Raises:
        ModelLoadError: see `load_pipeline`; weights aren't looked at.
    """
    folder = _local_folder(source)
    if _single_file(source) is not None:
        if source.config is None:
            return clip_tokenizer(END_TOKEN)
        folder = Path(source.config).expanduser()
    if folder is not None:
        _check_index(source, folder)
        with broken_files_named(source):
            tokenizer = CLIPTokenizer.from_pretrained(folder, subfolder="tokenizer", local_files_only=True)
    else:
        _check_index(source, _hub_file(source, "model_index.json").parent)
        with hub_failures_named(source):
            tokenizer = CLIPTokenizer.from_pretrained(
                source.source, subfolder="tokenizer", revision=source.revision
            )
    _check_tokenizer(source, tokenizer)
    return tokenizer


def _show_no_progress_bars() -> None:
    for library in (diffusers, transformers):
        library.utils.logging.disable_progress_bar()  # parts are read within seconds, and a log shows no bars


def _single_file(source: ModelSource) -> Path | None:
    """Return the file that `source` names, None where it names a folder or a model on the Hub."""
    path = Path(source.source).expanduser()
    if path.is_dir():
        return None
    if path.suffix.lower() in PICKLE_SUFFIXES:
        raise UnsafeModelFile(source.source, "only .safetensors files are opened", str(path))
    if path.suffix.lower() == ".safetensors":
        if not path.is_file():
            raise ModelNotFound(source.source, "there is no such file")
        return path
    if path.is_file():
        raise WrongModelKind(source.source, "the file isn't a .safetensors file")
    return None


def _local_folder(source: ModelSource) -> Path | None:
    path = Path(source.source).expanduser()
    return path if path.is_dir() else None


def _folder(source: ModelSource) -> Path:
    """Return the model's folder in diffusers' layout, checked, after a download if need be."""
    folder = _local_folder(source)
    if folder is None:
        _check_index(source, _hub_file(source, "model_index.json").parent)
        with hub_failures_named(source):
            downloaded = StableDiffusionXLPipeline.download(
                source.source, revision=source.revision, use_safetensors=True
            )
        folder = Path(downloaded)
    _check_index(source, folder)
    for part in MODEL_PARTS:
        if not any((folder / part).glob("*.safetensors")):
            _refuse_pickles(source, folder / part)
            raise BrokenModelFile(source.source, f"{part} holds no .safetensors file")
    return folder


def _hub_file(source: ModelSource, name: str) -> Path:
    owner, _, repository = source.source.partition("/")
    if not owner or not repository or "/" in repository or owner.startswith((".", "~")):
        raise ModelNotFound(
            source.source, "there is no such folder, and it isn't a name on the Hub (owner/name)"
        )
    with hub_failures_named(source):
        return Path(hf_hub_download(source.source, name, revision=source.revision))


def _check_index(source: ModelSource, folder: Path) -> None:
    """Check what the folder says of itself, before anything large is read or downloaded."""
    index_file = folder / "model_index.json"
    if not index_file.is_file():
        if not any(folder.rglob("*.safetensors")):
            _refuse_pickles(source, folder)
        raise ModelNotFound(source.source, "the folder has no model_index.json")
    try:
        index = json.loads(index_file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BrokenModelFile(
            source.source, f"model_index.json can't be read: {first_line(error)}"
        ) from error
    kind = index.get("_class_name") if isinstance(index, dict) else None
    if kind != StableDiffusionXLPipeline.__name__:
        raise WrongModelKind(
            source.source, f"it is made for {kind}, not for {StableDiffusionXLPipeline.__name__}"
        )


def _refuse_pickles(source: ModelSource, folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in PICKLE_SUFFIXES:
            raise UnsafeModelFile(source.source, "only .safetensors files are opened", str(path))


def _check_single_file(source: ModelSource, file: Path) -> None:
    """Look at the names of the tensors, which takes no time, to see whether the file is a whole SDXL."""
    try:
        with safe_open(file, framework="pt") as tensors:
            names = set(tensors.keys())
            missing = [part for part, name in SINGLE_FILE_TENSORS.items() if name not in names]
            if missing:
                raise WrongModelKind(source.source, f"the file lacks {', '.join(missing)}")
            channels = tensors.get_slice(SINGLE_FILE_TENSORS["the UNet"]).get_shape()[1]
    except (OSError, SafetensorError) as error:
        raise BrokenModelFile(source.source, first_line(error)) from error
    if channels != LATENT_CHANNELS:
        raise WrongModelKind(source.source, f"its UNet reads {channels} channels, not {LATENT_CHANNELS}")


def _read_single_file(
    source: ModelSource, file: Path, dtype: torch.dtype, vae_dtype: torch.dtype
) -> StableDiffusionXLPipeline:
    if source.config is None:
        config = SDXL_CONFIG
        tokenizers = {"tokenizer": clip_tokenizer(END_TOKEN), "tokenizer_2": clip_tokenizer(SECOND_PAD_TOKEN)}
    else:
        config = Path(source.config).expanduser()
        tokenizers = {}
        if not (config / "model_index.json").is_file():
            raise ModelNotFound(
                source.source, f"the folder of configurations {config} has no model_index.json"
            )
    options: dict[str, Any] = {"config": str(config), "local_files_only": True}
    vae = AutoencoderKL.from_single_file(str(file), subfolder="vae", dtype=vae_dtype, **options)
    return StableDiffusionXLPipeline.from_single_file(
        str(file), dtype=dtype, vae=vae, add_watermarker=False, **tokenizers, **options
    )


def _read_folder(
    source: ModelSource, folder: Path, dtype: torch.dtype, vae_dtype: torch.dtype
) -> StableDiffusionXLPipeline:
    return StableDiffusionXLPipeline.from_pretrained(
        folder,
        dtype={"default": dtype, "vae": vae_dtype},
        add_watermarker=False,
        use_safetensors=True,
        local_files_only=True,
        **_text_encoders(source, folder, dtype),
    )


def _text_encoders(source: ModelSource, folder: Path, dtype: torch.dtype) -> dict[str, Any]:
    text_encoders = {}
    # transformers fills in random numbers where a file lacks some, and only logs it.
    for part, kind in (("text_encoder", CLIPTextModel), ("text_encoder_2", CLIPTextModelWithProjection)):
        text_encoders[part], report = kind.from_pretrained(
            folder,
            subfolder=part,
            dtype=dtype,
            output_loading_info=True,
            use_safetensors=True,
            local_files_only=True,
        )
        if report["missing_keys"]:
            raise BrokenModelFile(source.source, f"{part} lacks {', '.join(sorted(report['missing_keys']))}")
    return text_encoders


def _check_pipeline(source: ModelSource, pipeline: StableDiffusionXLPipeline) -> None:
    config = pipeline.unet.config
    if config.addition_embed_type != "text_time" or config.in_channels != LATENT_CHANNELS:
        raise WrongModelKind(source.source, "its UNet isn't one of SDXL's for text to image")
    for part in MODEL_PARTS:
        for name, parameter in getattr(pipeline, part).named_parameters():
            if parameter.is_meta:  # what a file lacks stays a promise without numbers
                raise BrokenModelFile(source.source, f"{part} lacks {name}")
    for tokenizer in (pipeline.tokenizer, pipeline.tokenizer_2):
        _check_tokenizer(source, tokenizer)


def _check_tokenizer(source: ModelSource, tokenizer: CLIPTokenizer) -> None:
    if tokenizer.eos_token_id != END_ID:  # transformers makes an empty tokenizer where there are no files
        raise BrokenModelFile(source.source, "a tokenizer isn't CLIP's, or its files are missing")


@contextmanager
def broken_files_named(source: ModelSource) -> Iterator[None]:
    """Turn what the libraries raise over local files, which is of any kind, into `BrokenModelFile`."""
    try:
        yield
    except (ModelLoadError, MemoryError):
        raise
    except Exception as error:
        raise BrokenModelFile(source.source, first_line(error)) from error


@contextmanager
def hub_failures_named(source: ModelSource) -> Iterator[None]:
    """Turn what a request to the Hub, its cache or a download raises into our errors."""
    try:
        yield
    except GatedRepoError as error:
        raise ModelNotFound(
            source.source, "the Hub gives it only to accounts that accepted its terms"
        ) from error
    except RepositoryNotFoundError as error:
        raise ModelNotFound(source.source, "the Hub has no such model, or it is private") from error
    except RevisionNotFoundError as error:
        raise ModelNotFound(source.source, f"the Hub has no revision {source.revision} of it") from error
    except LocalEntryNotFoundError as error:
        raise ModelNotFound(
            source.source, "it isn't on this machine, and the Hub can't be reached"
        ) from error
    except EntryNotFoundError as error:
        raise WrongModelKind(source.source, f"it isn't in diffusers' layout: {first_line(error)}") from error
    except Exception as error:
        if _is_disk_full(error):
            raise ModelLoadError(source.source, "the disk is full") from error
        if "necessary `safetensors` weights" in str(error):  # how diffusers says that there are only pickles
            raise UnsafeModelFile(source.source, "the Hub has only pickles of it", source.source) from error
        raise ModelNotFound(source.source, first_line(error)) from error


def _is_disk_full(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return True
        error = error.__cause__ or error.__context__
    return False
