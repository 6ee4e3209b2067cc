"""CLIP's byte-level BPE tokenizer, built from a list of merges.

The ids follow from the merges alone (the order in which OpenAI's CLIP lays out its vocabulary), so the merges
are all that is kept in a file: `clip_merges.txt.xz`, whose licence is in `LICENSE.clip.txt`.
"""

import lzma
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from transformers import CLIPTokenizer

MERGES_FILE = Path(__file__).with_name("clip_merges.txt.xz")
"""One merge a line, two symbols with a space between, the most frequent first: 48 894 of them."""

START_TOKEN, END_TOKEN = "<|startoftext|>", "<|endoftext|>"
START_ID, END_ID = 49_406, 49_407
"""The last two of CLIP's 49 408 ids, after 2 x 256 bytes and the merges."""

WORD_END = "</w>"
"""Marks the symbol that ends a word, as in "cat</w>"."""

MODEL_MAX_LENGTH = 77
"""Positions that CLIP's text models know, start and end included."""

Merge = tuple[str, str]


def clip_tokenizer(pad_token: str) -> CLIPTokenizer:
    """Return the tokenizer that SDXL uses, padding with `pad_token`.

    SDXL's first text encoder pads with "<|endoftext|>", its second with "!".
    """
    lines = lzma.decompress(MERGES_FILE.read_bytes()).decode().splitlines()
    merges = [(first, second) for first, second in (line.split(" ") for line in lines)]
    return tokenizer_from_merges(merges, pad_token)


def tokenizer_from_merges(merges: Sequence[Merge], pad_token: str) -> CLIPTokenizer:
    """Return a tokenizer with these merges and CLIP's own ids for the start and the end of a text.

    With fewer merges than CLIP's, the ids between the last merge and the start token stay unused.
    """
    symbols = list(byte_symbols().values())
    tokens = [
        *symbols,
        *(symbol + WORD_END for symbol in symbols),
        *(first + second for first, second in merges),
    ]
    vocabulary = {token: index for index, token in enumerate(tokens)} | {
        START_TOKEN: START_ID,
        END_TOKEN: END_ID,
    }
    return CLIPTokenizer(
        vocab=vocabulary,
        merges=list(merges),
        bos_token=START_TOKEN,
        eos_token=END_TOKEN,
        unk_token=END_TOKEN,
        pad_token=pad_token,
        model_max_length=MODEL_MAX_LENGTH,
    )


@cache
def byte_symbols() -> dict[int, str]:
    """Return the printable character that stands for each byte, in the order of CLIP's ids.

    Bytes that Latin-1 prints stand for themselves and come first; the other 68 borrow the characters from 256 on.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {
        byte: chr(256 + index) for index, byte in enumerate(others)
    }
