"""Both encoding modes written down a second time, slowly and straight from their description, to check ours by.

Token by token and row by row, without the chunk objects, the cache or the vector arithmetic of the prompt encoder.
"""

from itertools import pairwise

import torch
from diffusers import StableDiffusionXLPipeline

from tests.generation.engine.held_prompts import BREAK, Runs

CHUNK = 75


def _words(tokenizer: object, runs: Runs) -> list[tuple[int, float]]:
    tokens = []
    for text, weight in runs:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]  # type: ignore[operator]
        tokens += [(token, weight) for token in ids]
    return tokens


def _rows(
    pipeline: StableDiffusionXLPipeline, ids: list[int], ids_2: list[int], layer: int
) -> tuple[torch.Tensor, torch.Tensor]:
    with torch.inference_mode():
        one = pipeline.text_encoder(torch.tensor([ids]), output_hidden_states=True)
        two = pipeline.text_encoder_2(torch.tensor([ids_2]), output_hidden_states=True)
    rows = torch.cat([one.hidden_states[layer], two.hidden_states[layer]], dim=-1)[0]
    return rows, two.text_embeds


def slow_lpw(
    pipeline: StableDiffusionXLPipeline, runs: Runs, beside: Runs, clip_skip: int = 0
) -> tuple[torch.Tensor, torch.Tensor]:
    """What the community pipeline makes of `runs`, whose other side is `beside`: embeddings and pooled embedding."""
    begin, end = pipeline.tokenizer.bos_token_id, pipeline.tokenizer.eos_token_id
    first, second = (_words(each, runs) for each in (pipeline.tokenizer, pipeline.tokenizer_2))
    length = max(len(first), len(_words(pipeline.tokenizer, beside)))
    first += [(end, 1.0)] * (length - len(first))
    # Where the tokenizers count differently that pipeline fails; ours goes by the first one's count.
    second = (second + [(end, 1.0)] * length)[:length]
    all_rows, pooled = [], torch.empty(0)
    for start in range(0, max(length, 1), CHUNK):
        part, part_2 = first[start : start + CHUNK], second[start : start + CHUNK]
        ids = [begin, *(token for token, _ in part), end]
        ids_2 = [begin, *(token for token, _ in part_2), end]
        rows, pooled = _rows(pipeline, ids, ids_2, -2 - clip_skip)
        for place, (_, weight) in enumerate(part, start=1):
            if weight != 1:
                rows[place] = rows[-1] + (rows[place] - rows[-1]) * weight
        all_rows.append(rows)
    return torch.cat(all_rows)[None], pooled


def slow_padded(
    pipeline: StableDiffusionXLPipeline, runs: Runs, beside: Runs, clip_skip: int = 0
) -> tuple[torch.Tensor, torch.Tensor]:
    """What A1111's layout makes of `runs`: chunks of 77 places, cut at each BREAK, as many as the longer side has."""
    chunks = _padded_chunks(pipeline, runs)
    missing = len(_padded_chunks(pipeline, beside)) - len(chunks)
    chunks += [([], [])] * missing
    width = pipeline.text_encoder.config.hidden_size
    all_rows, all_pooled = [], []
    for sides in chunks:
        ids: list[list[int]] = []
        for tokenizer, side in zip((pipeline.tokenizer, pipeline.tokenizer_2), sides, strict=True):
            padding = [tokenizer.pad_token_id] * (CHUNK - len(side))
            ids.append(
                [tokenizer.bos_token_id, *(token for token, _ in side), tokenizer.eos_token_id, *padding]
            )
        rows, pooled = _rows(pipeline, ids[0], ids[1], -2 - clip_skip)
        for columns, side in zip((slice(0, width), slice(width, None)), sides, strict=True):
            for place, (_, weight) in enumerate(side, start=1):
                if weight != 1:
                    last = rows[-1, columns]
                    rows[place, columns] = last + (rows[place, columns] - last) * weight
        all_rows.append(rows)
        all_pooled.append(pooled)
    return torch.cat(all_rows)[None], all_pooled[0]


Tokens = list[tuple[int, float]]


def _padded_chunks(pipeline: StableDiffusionXLPipeline, runs: Runs) -> list[tuple[Tokens, Tokens]]:
    chunks: list[tuple[Tokens, Tokens]] = []
    cuts = [-1, *(place for place, run in enumerate(runs) if run == BREAK), len(runs)]
    for before, after in pairwise(cuts):
        segment = runs[before + 1 : after]
        first, second = (_words(each, segment) for each in (pipeline.tokenizer, pipeline.tokenizer_2))
        chunks += [
            (first[start : start + CHUNK], second[start : start + CHUNK])
            for start in range(0, len(first), CHUNK)
        ]
    return chunks or [([], [])]
