"""From a request to the two texts that the model reads, in the order in which it learnt to read them.

What a tag is lives in `tags.py`; what weights do to a text in `prompt_weighting.py`; what is allowed where
in `content_policy.py`, which reads the request itself and so sees also what is left out here.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from generation.model_profile import ModelProfile, TagSlot
from generation.prompt_weighting import limit_weights
from generation.rating import Rating
from generation.request import GenerationRequest
from generation.tags import (
    CHUNK_BREAK,
    comparison_key,
    escape_parentheses,
    reads_as_sentence,
    split_tags,
    spoken_form,
    unwrap_weight,
)

WEIGHT_LIMIT = 2.0
"""Beyond, embeddings leave what the UNet has ever seen and pictures fall apart (at 50 they are 200 times too large)."""


class PromptHint(Enum):
    """Something a person may like to know about what they asked for; nothing is refused or changed for it."""

    READS_AS_SENTENCE = "reads as a sentence"
    STEPS_OUTSIDE_RECOMMENDED_RANGE = "steps outside recommended range"
    GUIDANCE_OUTSIDE_RECOMMENDED_RANGE = "guidance outside recommended range"
    WEIGHTS_LIMITED = "weights limited"


@dataclass(frozen=True, slots=True)
class AssembledPrompt:
    """What the encoder is given, in the weighting grammar, and what the person may like to know."""

    prompt: str
    negative_prompt: str
    hints: tuple[PromptHint, ...] = ()


def assemble_prompt(
    request: GenerationRequest, profile: ModelProfile, ceiling: Rating = Rating.EXPLICIT
) -> AssembledPrompt:
    """Put the options of `request` together in `profile.tag_order`, each tag once.

    * Spelling: underscores become spaces, qualifiers of names are escaped, brackets without a partner
      become literal (see `tags.py`). Weights, case and the person's order stay.
    * Duplicates go, the first stays: over subject, character, series and tags; also inside a weighted
      group. Each chunk after a BREAK counts for itself.
    * Tags typed by hand move into their slot: subjects (`2girls`, `no humans`), years, the rating, and
      those quality tags that would be added anyway; weights go with them. So the order is the model's
      however the tags were typed. What stands inside a larger group or after a BREAK stays where it is,
      and still counts as typed.
    * The rating option is always in the prompt; another rating typed by hand is left out. The same for a
      year, when the option names one.
    * A quality tag that the person put into their negative prompt isn't added to the prompt.

    The negative prompt is the profile's, then the ratings above `ceiling`, then the person's own tags; what the
    person typed too (perhaps with a weight) is kept from them. Left out of the profile's part is what the person
    asks for in the prompt (`text`, `signature`); left out of the person's is the very rating or year they ask for.
    A tag that the person has in both prompts stays in both.

    Weights beyond 2 (or below -2) are brought to that.
    """
    typed = _read_prompt(request)
    typed_negative = _read_negative(request)
    quality = split_tags(profile.quality_tags_for(request.quality))
    slots = _fill_slots(typed, request, quality, unwanted=_keys_of(typed_negative))
    unwanted_default = _keys_of(piece for pieces in typed.values() for piece in pieces)
    default_negative = [
        piece
        for piece in _read(_negative_of(profile, ceiling), _TagReader())
        if not unwanted_default.union(_keys_of(typed_negative)).issuperset(piece.keys)
    ]
    prompt = _join(piece.text for slot in profile.tag_order for piece in slots[slot])
    negative_prompt = _join(piece.text for piece in default_negative + typed_negative)
    limited, limited_negative = (limit_weights(text, WEIGHT_LIMIT) for text in (prompt, negative_prompt))
    hints = list(_hints(request, profile))
    if (limited, limited_negative) != (prompt, negative_prompt):
        hints.append(PromptHint.WEIGHTS_LIMITED)
    return AssembledPrompt(limited, limited_negative, tuple(hints))


_SUBJECT = re.compile(r"\d+\+?(?:girl|boy|other)s?|(?:multiple|many) (?:girls|boys|others)|no humans?")
_YEAR = re.compile(r"year \d{4}")
_RATING = re.compile(r"(?:rating ?:? ?)?(safe|sensitive|nsfw|explicit)")
_ESCAPE_OR_BACKSLASH = re.compile(r"\\([\\()\[\]])|\\")
_GROUP_DEPTH_MAX = 8
"""Weighted groups are looked into this deep; deeper ones are taken as one tag."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """One tag or one weighted group, as it will be written, with the comparison keys of its tags."""

    text: str
    keys: tuple[str, ...]


_BREAK = _Piece(CHUNK_BREAK, ())


@dataclass(slots=True, kw_only=True)
class _TagReader:
    """Settles tag after tag whether it is kept and how it is written; remembers what it has seen.

    `rating` and `year` are the keys that rule over others of their kind, None where none rules. `left_out`
    are keys that are never kept.
    """

    rating: str | None = None
    year: str | None = None
    left_out: frozenset[str] = frozenset()
    is_name: bool = False
    _seen: set[str] = field(default_factory=set)

    def begin_chunk(self) -> None:
        self._seen.clear()

    def settle(self, tag: str) -> _Piece | None:
        written = _canonical_tag(tag, is_name=self.is_name)
        key = comparison_key(written)
        if rating := _RATING.fullmatch(key):
            written = written if key == rating[1] else rating[1]
            key = rating[1]
            if self.rating not in (None, key):
                return None
        if self.year not in (None, key) and _YEAR.fullmatch(key):
            return None
        if not key or key in self._seen or key in self.left_out:
            return None
        self._seen.add(key)
        return _Piece(written, (key,))


def _canonical_tag(tag: str, *, is_name: bool) -> str:
    spoken = " ".join(spoken_form(tag).split())
    written = escape_parentheses(spoken, is_name=is_name)
    # A backslash that escapes nothing would vanish in the grammar, and with it half of the tag `\m/`.
    return _ESCAPE_OR_BACKSLASH.sub(lambda match: match.group() if match[1] else "\\\\", written)


def _read(text: str, reader: _TagReader) -> list[_Piece]:
    return list(_read_pieces(text, reader, depth=0))


def _read_pieces(text: str, reader: _TagReader, depth: int) -> Iterable[_Piece]:
    for written in split_tags(text):
        if written == CHUNK_BREAK:
            reader.begin_chunk()
            yield _BREAK
        elif piece := _read_piece(written, reader, depth):
            yield piece


def _read_piece(written: str, reader: _TagReader, depth: int) -> _Piece | None:
    group = unwrap_weight(written) if depth < _GROUP_DEPTH_MAX else None
    if group is None:
        return reader.settle(written)
    opening, inner, closing = group
    parts = list(_read_pieces(inner, reader, depth + 1))
    keys = tuple(key for part in parts for key in part.keys)
    return _Piece(opening + _join(part.text for part in parts) + closing, keys) if keys else None


def _read_prompt(request: GenerationRequest) -> dict[TagSlot, list[_Piece]]:
    """What the person typed, slot by slot, each tag once over all of them."""
    reader = _TagReader(rating=request.rating.value, year=_year_tag(request))
    typed: dict[TagSlot, list[_Piece]] = {}
    for slot, text in (
        (TagSlot.SUBJECT, request.subject),
        (TagSlot.CHARACTER, request.character),
        (TagSlot.SERIES, request.series),
        (TagSlot.TAGS, request.tags),
    ):
        reader.is_name = slot in (TagSlot.CHARACTER, TagSlot.SERIES)
        typed[slot] = _read(text, reader)
    return typed


def _read_negative(request: GenerationRequest) -> list[_Piece]:
    asked_for = {request.rating.value, _year_tag(request) or ""}
    return _read(request.negative_prompt, _TagReader(left_out=frozenset(asked_for)))


def _negative_of(profile: ModelProfile, ceiling: Rating) -> str:
    """What is kept out of every picture: of the profile, and by what the place allows."""
    above = (rating.value for rating in Rating if rating > ceiling)
    return ", ".join(filter(None, (profile.negative_prompt, *above)))


def _year_tag(request: GenerationRequest) -> str | None:
    return None if request.year is None else f"year {request.year}"


def _fill_slots(
    typed: dict[TagSlot, list[_Piece]], request: GenerationRequest, quality: list[str], unwanted: set[str]
) -> dict[TagSlot, list[_Piece]]:
    """Every slot's pieces: what was typed, moved to where it belongs, and what the options add to it."""
    quality_keys = {comparison_key(tag): tag for tag in quality}
    slots: dict[TagSlot, list[_Piece]] = {slot: [] for slot in TagSlot}
    for slot, pieces in typed.items():
        if slot is not TagSlot.TAGS:
            slots[slot] += pieces
    first_chunk = True
    for piece in typed[TagSlot.TAGS]:
        first_chunk = first_chunk and piece is not _BREAK
        slots[_slot_of(piece, quality_keys.keys()) if first_chunk else TagSlot.TAGS].append(piece)

    typed_keys = _keys_of(piece for pieces in typed.values() for piece in pieces)
    for slot, tag in ((TagSlot.RATING, request.rating.value), (TagSlot.YEAR, _year_tag(request))):
        if tag is not None and tag not in typed_keys:
            slots[slot].append(_Piece(tag, (tag,)))
    for key, tag in quality_keys.items():
        if key not in typed_keys and key not in unwanted:
            slots[TagSlot.QUALITY].append(_Piece(_canonical_tag(tag, is_name=False), (key,)))
    rank = {key: place for place, key in enumerate(quality_keys)}
    slots[TagSlot.QUALITY].sort(key=lambda piece: min(rank[key] for key in piece.keys))
    return slots


def _slot_of(piece: _Piece, quality_keys: Iterable[str]) -> TagSlot:
    if all(_SUBJECT.fullmatch(key) for key in piece.keys):
        return TagSlot.SUBJECT
    if all(_YEAR.fullmatch(key) for key in piece.keys):
        return TagSlot.YEAR
    if all(_RATING.fullmatch(key) for key in piece.keys):
        return TagSlot.RATING
    if set(quality_keys).issuperset(piece.keys):
        return TagSlot.QUALITY
    return TagSlot.TAGS


def _keys_of(pieces: Iterable[_Piece]) -> set[str]:
    return {key for piece in pieces for key in piece.keys}


def _join(texts: Iterable[str]) -> str:
    """Comma-separated; a BREAK stands between two chunks without a comma of its own."""
    joined = ""
    for text in texts:
        is_beside_break = text == CHUNK_BREAK or joined.endswith(CHUNK_BREAK)
        separator = " " if is_beside_break else ", "
        joined += separator + text if joined else text
    return joined


def _hints(request: GenerationRequest, profile: ModelProfile) -> Iterable[PromptHint]:
    if reads_as_sentence(request.tags):
        yield PromptHint.READS_AS_SENTENCE
    low_steps, high_steps = profile.recommended_num_inference_steps
    if request.num_inference_steps is not None and not low_steps <= request.num_inference_steps <= high_steps:
        yield PromptHint.STEPS_OUTSIDE_RECOMMENDED_RANGE
    low, high = profile.recommended_guidance_scale
    if request.guidance_scale is not None and not low <= request.guidance_scale <= high:
        yield PromptHint.GUIDANCE_OUTSIDE_RECOMMENDED_RANGE
