"""The practice model's tokenizer: a real byte-level BPE whose few merges are learnt from a list of tags."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from transformers import CLIPTokenizer

from generation.sdxl_config.clip_tokenizer import WORD_END, Merge, byte_symbols, tokenizer_from_merges

TAGS = """
1girl 2girls 1boy solo masterpiece high score great score good score average score bad score low score
best quality low quality worst quality absurdres highres safe sensitive nsfw explicit newest recent mid early
old year long hair short hair silver hair pink hair black hair brown hair blonde hair twintails ponytail bangs
red eyes blue eyes green eyes purple eyes smile blush open mouth closed eyes looking at viewer from behind
school uniform kimono dress ribbon hat scarf jacket umbrella glasses standing sitting walking upper body
full body portrait outdoors indoors night sunset sky clouds starry rain snow ocean river mountain forest city
street train garden cherry blossoms flowers autumn leaves lantern window cat fox rabbit bird butterfly
lowres bad anatomy bad hands text error missing finger extra digits fewer digits cropped watermark signature
username blurry character series
"""

MERGE_COUNT = 400
"""Enough to join most of the words above; every other text falls apart into shorter pieces and bytes."""


def tiny_tokenizer(pad_token: str) -> CLIPTokenizer:
    """Return the practice model's tokenizer, the same at every call, padding with `pad_token`."""
    return tokenizer_from_merges(learn_merges(TAGS.split(), MERGE_COUNT), pad_token)


def learn_merges(words: list[str], count: int) -> list[Merge]:
    """Return at most `count` merges that byte-pair encoding learns from `words`, in the order of learning.

    Of pairs that are equally frequent the alphabetically first is taken, so the result is always the same.
    """
    symbols = byte_symbols()
    spellings = Counter(
        (*(symbols[byte] for byte in word.encode()[:-1]), symbols[word.encode()[-1]] + WORD_END)
        for word in words
    )
    merges: list[Merge] = []
    while len(merges) < count:
        pairs: Counter[Merge] = Counter()
        for spelling, frequency in spellings.items():
            for pair in pairwise(spelling):
                pairs[pair] += frequency
        if not pairs:
            break
        merge = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(merge)
        merged: Counter[tuple[str, ...]] = Counter()
        for spelling, frequency in spellings.items():
            merged[tuple(_joined(spelling, merge))] += frequency
        spellings = merged
    return merges


def _joined(spelling: tuple[str, ...], merge: Merge) -> Iterator[str]:
    """Yield the symbols of `spelling` with each occurrence of `merge`, from the left, made one symbol."""
    position = 0
    while position < len(spelling):
        if spelling[position : position + 2] == merge:
            yield merge[0] + merge[1]
            position += 2
        else:
            yield spelling[position]
            position += 1
