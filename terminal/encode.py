"""`encode`: how a prompt reaches the model, shown in words, or as arrays to compare with other tools."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generation.encoding_mode import EncodingMode
from generation.model_source import ModelSource
from generation.prompt_weighting import parse_weighted_prompt, parse_without_breaks

if TYPE_CHECKING:
    from diffusers import StableDiffusionXLPipeline

    from generation.engine.prompt_chunks import ChunkPair


class PromptFileError(Exception):
    """A file of prompts isn't what it should be. The message is one line."""


@dataclass(frozen=True, slots=True)
class NamedPrompt:
    """A prompt of a file, and the name that its arrays get."""

    name: str
    prompt: str
    negative_prompt: str


def describe_prompt(
    source: ModelSource, prompt: str, negative_prompt: str, mode: EncodingMode, clip_skip: int
) -> str:
    """Tell how `prompt` is read: its runs with their weights, its tokens and chunks, and what comes out.

    Raises:
        ModelLoadError: the model's text encoders can't be loaded.
    """
    # torch and diffusers take seconds to import, which only this command and the engine need.
    from generation.engine.prompt_chunks import lpw_chunks, padded_chunks  # noqa: PLC0415

    pipeline = _text_parts(source)
    lay_out = padded_chunks if mode is EncodingMode.PADDED else lpw_chunks
    sides = lay_out(prompt, negative_prompt, pipeline.tokenizer, pipeline.tokenizer_2)
    lines: list[str] = []
    for title, text, chunks in zip(
        ("Prompt", "Negative prompt"), (prompt, negative_prompt), sides, strict=True
    ):
        lines += [title, *_runs(text, mode), *_chunks(pipeline, chunks), ""]
    encoded = _encoder(pipeline, mode).encode(prompt, negative_prompt, clip_skip=clip_skip)
    lines.append(
        f"Embeddings {tuple(encoded.prompt_embeds.shape)}, pooled {tuple(encoded.pooled_prompt_embeds.shape)}, "
        f"mode {mode.value}"
    )
    return "\n".join(lines)


def write_arrays(
    source: ModelSource, prompts: list[NamedPrompt], modes: Iterable[EncodingMode], output: Path
) -> None:
    """Encode `prompts` in each of `modes` and write `<mode>/<name>/{pe,ne,pp,np}` to a NumPy archive.

    The arrays are the embeddings of prompt and negative prompt and their pooled ones: float32, batch axis kept.

    Raises:
        ModelLoadError: the model's text encoders can't be loaded.
        OSError: `output` can't be written.
    """
    import numpy as np  # noqa: PLC0415 - beside torch, see above

    pipeline = _text_parts(source)
    arrays: dict[str, Any] = {}
    for mode in modes:
        encoder = _encoder(pipeline, mode)
        for named in prompts:
            encoded = encoder.encode(named.prompt, named.negative_prompt)
            for key, tensor in (
                ("pe", encoded.prompt_embeds),
                ("ne", encoded.negative_prompt_embeds),
                ("pp", encoded.pooled_prompt_embeds),
                ("np", encoded.negative_pooled_prompt_embeds),
            ):
                arrays[f"{mode.value}/{named.name}/{key}"] = tensor.float().cpu().numpy()
    # An open file, since NumPy would add .npz to a name without it.
    with output.open("wb") as file:
        np.savez(file, **arrays)


def read_prompts(file: Path) -> list[NamedPrompt]:
    """Read a JSON list of {"name", "prompt", "negative"}; a missing negative is empty.

    Raises:
        PromptFileError: it is no such list, or a name comes twice.
    """
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise PromptFileError(f"{file}: can't be read: {error.strerror}") from None
    except ValueError as error:
        raise PromptFileError(f"{file}: not JSON: {error}") from None
    if not isinstance(entries, list):
        raise PromptFileError(f"{file}: must be a list of {{name, prompt, negative}}")
    prompts = [_named_prompt(file, number, entry) for number, entry in enumerate(entries, start=1)]
    seen: set[str] = set()
    for named in prompts:
        if named.name in seen:
            raise PromptFileError(f"{file}: the name {named.name!r} comes twice")
        seen.add(named.name)
    return prompts


def _named_prompt(file: Path, number: int, entry: object) -> NamedPrompt:
    if not isinstance(entry, dict):
        raise PromptFileError(f"{file}: entry {number} must be {{name, prompt, negative}}")
    name, prompt, negative = entry.get("name"), entry.get("prompt"), entry.get("negative")
    if not isinstance(name, str) or not name:
        raise PromptFileError(f"{file}: entry {number} has no name")
    if not isinstance(prompt, str):
        raise PromptFileError(f"{file}: entry {number} ({name}) has no prompt")
    if not isinstance(negative, str | None):
        raise PromptFileError(f"{file}: entry {number} ({name}) has a negative that is no text")
    return NamedPrompt(name, prompt, negative or "")


def _text_parts(source: ModelSource) -> "StableDiffusionXLPipeline":
    from generation.engine.model_loading import load_text_parts  # noqa: PLC0415 - imports torch, see above

    return load_text_parts(source)


def _encoder(pipeline: "StableDiffusionXLPipeline", mode: EncodingMode) -> Any:
    from generation.engine.prompt_encoder import PromptEncoder  # noqa: PLC0415 - imports torch, see above

    return PromptEncoder(
        pipeline.tokenizer, pipeline.tokenizer_2, pipeline.text_encoder, pipeline.text_encoder_2, mode=mode
    )


def _runs(text: str, mode: EncodingMode) -> Iterator[str]:
    is_padded = mode is EncodingMode.PADDED
    segments = parse_weighted_prompt(text).segments if is_padded else (parse_without_breaks(text),)
    for number, segment in enumerate(segments):
        if number:
            yield "         BREAK"
        for run in segment:
            if run.text.strip():
                yield f"  {run.weight:6.3f}  {run.text.strip()}"


def _chunks(pipeline: "StableDiffusionXLPipeline", chunks: "list[ChunkPair]") -> Iterator[str]:
    for number, pair in enumerate(chunks, start=1):
        marks = {pipeline.tokenizer.bos_token_id, pipeline.tokenizer.eos_token_id}
        count = sum(token not in marks for token in pair.first.ids)
        weighted = sum(weight != 1 for weight in pair.first.weights)
        yield f"  chunk {number}: {count} tokens ({weighted} weighted) in {len(pair.first.ids)} places"
