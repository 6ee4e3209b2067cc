"""From a prompt to what the text encoders read: token ids in chunks of 77 places, and the weight of each place.

Two layouts, see `EncodingMode`. The grammar of weights lives in `prompt_weighting.py`; why this isn't a library is
told in `docs/decisions/0002-our-own-prompt-encoder.md`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from transformers import CLIPTokenizer

from generation.prompt_weighting import WeightedText, parse_weighted_prompt, parse_without_breaks

CHUNK_TOKENS = 75
"""Tokens of a prompt in one chunk; with the marks of begin and end it fills CLIP's 77 places."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one text encoder reads in one go: token ids with their marks and padding, and each one's weight."""

    ids: tuple[int, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ChunkPair:
    """What both text encoders read side by side; the two are equally long."""

    first: Chunk
    second: Chunk


@dataclass(frozen=True, slots=True)
class _Tokens:
    """Tokens of a text without marks, with their weights."""

    ids: tuple[int, ...] = ()
    weights: tuple[float, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)

    def cut(self) -> "list[_Tokens]":
        """Cut into pieces of at most 75; none of nothing."""
        parts = [slice(start, start + CHUNK_TOKENS) for start in range(0, len(self), CHUNK_TOKENS)]
        return [_Tokens(self.ids[part], self.weights[part]) for part in parts]

    def resized(self, length: int, filler: int) -> "_Tokens":
        """Fill up with tokens of weight 1, or cut off, to `length`."""
        missing = length - len(self)
        return _Tokens(
            (*self.ids, *(filler,) * missing)[:length], (*self.weights, *(1.0,) * missing)[:length]
        )


def padded_chunks(
    prompt: str, negative_prompt: str, tokenizer: CLIPTokenizer, tokenizer_2: CLIPTokenizer
) -> tuple[list[ChunkPair], list[ChunkPair]]:
    """Lay both prompts out as in training: every chunk is padded to 77 places, each BREAK begins a new one.

    The prompt with fewer chunks is filled up with empty ones.
    """
    tokenizers = tokenizer, tokenizer_2
    both = [_padded(text, tokenizers) for text in (prompt, negative_prompt)]
    empty = _pair(_Tokens(), _Tokens(), tokenizers)
    count = max(1, *map(len, both))
    chunks, negative_chunks = (pairs + [empty] * (count - len(pairs)) for pairs in both)
    return chunks, negative_chunks


def lpw_chunks(
    prompt: str, negative_prompt: str, tokenizer: CLIPTokenizer, tokenizer_2: CLIPTokenizer
) -> tuple[list[ChunkPair], list[ChunkPair]]:
    """Lay both prompts out as diffusers' community pipeline `lpw_stable_diffusion_xl` does.

    The shorter prompt is filled up with end marks to the length of the longer one; the last chunk isn't padded
    any further. The weights of the first tokenizer's tokens hold for both encoders. Where that pipeline fails
    (two empty prompts, tokenizers that count differently) the first tokenizer's count is what goes.
    """
    tokenized = [
        [_tokenized(parse_without_breaks(text), each) for each in (tokenizer, tokenizer_2)]
        for text in (prompt, negative_prompt)
    ]
    length = max(len(first) for first, _ in tokenized)
    end = tokenizer.eos_token_id
    sides = []
    for first, second in tokenized:
        firsts = first.resized(length, end).cut() or [_Tokens()]
        seconds = second.resized(length, end).cut() or [_Tokens()]
        sides.append(
            [
                ChunkPair(_marked(one, tokenizer), _marked(_Tokens(two.ids, one.weights), tokenizer))
                for one, two in zip(firsts, seconds, strict=True)
            ]
        )
    return sides[0], sides[1]


def count_tokens(tokenizer: CLIPTokenizer, prompt: str) -> int:
    """How many CLIP tokens `prompt` takes, without weights, escapes, and the marks of begin and end.

    A BREAK fills its chunk, so what stands before it counts as whole chunks of 75: the count tells the work
    that a prompt makes, however it is cut.
    """
    lengths = [len(_tokenized(segment, tokenizer)) for segment in parse_weighted_prompt(prompt).segments]
    *broken_off, last = [length for length in lengths if length] or [0]
    return sum(math.ceil(length / CHUNK_TOKENS) * CHUNK_TOKENS for length in broken_off) + last


def tokenize(tokenizer: CLIPTokenizer, text: str) -> list[int]:
    """Return the token ids of `text`, without the marks of begin and end; takes any text."""
    # Half a surrogate pair, which JSON can carry, is no character; the tokenizer would raise.
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    # verbose=False: a text over 77 tokens is no mistake here, it becomes several chunks.
    tokens: list[int] = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
    return tokens


def _padded(prompt: str, tokenizers: tuple[CLIPTokenizer, CLIPTokenizer]) -> list[ChunkPair]:
    """Cut `prompt` for both encoders, into as many chunks as the first tokenizer needs.

    The tokenizers don't agree: "!" pads the second, so a "!" in the text is its padding token there and
    "!!" is two where the first has one. What then is too much for the second encoder it doesn't see,
    which is what the stock pipeline does too.
    """
    pairs = []
    for segment in parse_weighted_prompt(prompt).segments:
        first, second = (_tokenized(segment, tokenizer).cut() for tokenizer in tokenizers)
        second += [_Tokens()] * (len(first) - len(second))
        pairs += [_pair(*two, tokenizers) for two in zip(first, second[: len(first)], strict=True)]
    return pairs


def _pair(first: _Tokens, second: _Tokens, tokenizers: tuple[CLIPTokenizer, CLIPTokenizer]) -> ChunkPair:
    chunks = []
    for tokens, tokenizer in zip((first, second), tokenizers, strict=True):
        marked = _marked(tokens, tokenizer)
        padding = CHUNK_TOKENS - len(tokens)
        chunks.append(
            Chunk((*marked.ids, *(tokenizer.pad_token_id,) * padding), (*marked.weights, *(1.0,) * padding))
        )
    return ChunkPair(*chunks)


def _marked(tokens: _Tokens, tokenizer: CLIPTokenizer) -> Chunk:
    return Chunk((tokenizer.bos_token_id, *tokens.ids, tokenizer.eos_token_id), (1.0, *tokens.weights, 1.0))


def _tokenized(runs: Sequence[WeightedText], tokenizer: CLIPTokenizer) -> _Tokens:
    ids: list[int] = []
    weights: list[float] = []
    for run in runs:
        run_ids = tokenize(tokenizer, run.text)
        ids += run_ids
        weights += [run.weight] * len(run_ids)
    return _Tokens(tuple(ids), tuple(weights))
