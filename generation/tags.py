"""The small language of tags: splitting, Danbooru spelling, literal parentheses, when two tags are the same.

What a prompt is assembled from lives in `prompt.py`, what weights mean in `prompt_weighting.py`.

Brackets follow the weighting grammar of lpw_stable_diffusion_xl: `( )` and `[ ]` pair up independently of
each other, `\\(` is a literal parenthesis. A bracket without a partner is text here, so that a slip of the
keyboard, or a face such as `>:(`, never weights what comes after it.
"""

import re
import unicodedata
from dataclasses import dataclass

CHUNK_BREAK = "BREAK"
"""The word of the weighting grammar that starts a new chunk of 77 tokens; `split_tags` makes it a piece."""

_UNDERSCORE_FACES = (
    "^_^ >_< @_@ +_+ =_= o_o 0_0 |_| u_u >_o o_< ._. x_x <|>_<|> <o>_<o> (o)_(o) \\(o\\)_\\(o\\) t_t 3_3 6_9 "
    "9_9 +_- o_x x_o ;_; -_- >_> <_< ~_~ *_* $_$ #_# q_q p_p d_d v_v n_n m_m y_y e_e c_c a_a 0_o o_0 u_o o_u "
    "^_- -_^ ^_o >_@ @_< ?_? !_! ,_, ´_` °_° •_• ◕_◕ ⊙_⊙ ಠ_ಠ x_< >_x ^_< >_^ :_: z_z"
)
EMOTICON_TAGS = frozenset(_UNDERSCORE_FACES.split())
"""Danbooru's emoticon tags in which an underscore is a mouth, and their close kin; in lower case."""

_SEPARATORS = ",，、\n\r"
_MARK = re.compile(r"\\[\\()\[\]]|[()\[\],，、\n\r]|(?<!\w)BREAK(?!\w)")
# A face that is a tag by itself: its bracket pairs with nothing.
_BRACKET_FACE = re.compile(r"(?:^|[,，、\n\r])[ \t]*>?[:;]([()\[\]])(?=[ \t]*(?:[,，、\n\r]|$))")
_WEIGHT_END = re.compile(r":[ \t]*[+-]?[.\d]+[ \t]*$")
_STRICT_WEIGHT_END = re.compile(r":[+-]?[.\d]+$")
_AFTER_QUALIFIER = re.compile(r"[\s_]*(?:$|[()\[\],，、]|:[+-]?[.\d]+\))")
_WORD_OR_GAP = re.compile(r"[^\s,，、()\[\]\\]+|[\s,，、()\[\]\\]+")
_WEIGHT_LENGTH_MAX = 24


def split_tags(text: str) -> list[str]:
    """Split at commas (`,` `，` `、`) and line ends that lie outside all brackets; strip, drop empty pieces.

    `(long hair, blue eyes:1.2)` is one piece. The word BREAK outside brackets is a piece of its own. Takes
    any text, in time linear in its length.
    """
    structure = _read_structure(text)
    pieces: list[str] = []
    depth = start = 0
    for mark in _MARK.finditer(text):
        position, what = mark.start(), mark.group()
        if position in structure.closing_of:
            depth += 1
        elif position in structure.opening_of:
            depth -= 1
        elif depth == 0 and (what in _SEPARATORS or what == CHUNK_BREAK):
            pieces.append(text[start:position])
            if what == CHUNK_BREAK:
                pieces.append(CHUNK_BREAK)
            start = mark.end()
    pieces.append(text[start:])
    return [piece.strip() for piece in pieces if piece.strip()]


def spoken_form(tag: str) -> str:
    """`tag` with Danbooru's underscores as spaces, except in emoticon tags; case and all else is kept.

    Weights stay: `(long_hair, ^_^:1.2)` becomes `(long hair, ^_^:1.2)`. Text in angle brackets that names a
    file (`<lora:some_style:0.8>`) keeps its underscores.
    """
    if "_" not in tag or tag.strip().casefold() in EMOTICON_TAGS:
        return tag.strip()
    return "".join(_speak_word(match.group()) for match in _WORD_OR_GAP.finditer(tag)).strip()


def escape_parentheses(tag: str, *, is_name: bool = False) -> str:
    r"""Make Danbooru qualifiers literal: `suisei (1st costume)` becomes `suisei \(1st costume\)`.

    A round group is a qualifier when all of these hold, else it keeps its weighting meaning:

    * text stands before it in the same tag (`saber_(fate)`, not `(smile)`), or another qualifier does;
    * no comma is inside, as tag names have none;
    * no weight is inside (`long hair (blue:1.2)`) and it isn't doubled (`dress ((frilled))`);
    * the tag ends after it, or another group follows (`a girl (smiling) in a park` emphasises).

    With `is_name` (the options `character` and `series`) the last two don't matter: whatever stands in
    parentheses after a name qualifies it. Around the whole they weight there too: `(hatsune miku:1.2)`.

    What is escaped already stays. Brackets without a partner become literal. Idempotent.
    """
    structure = _read_structure(tag)
    literal = set(structure.unpaired)
    if tag.casefold() in EMOTICON_TAGS:
        literal.update(structure.closing_of, structure.opening_of)
    qualifier_ends: set[int] = set()
    for opening in sorted(structure.closing_of):
        closing = structure.closing_of[opening]
        if tag[opening] == "(" and _is_qualifier(tag, opening, structure, qualifier_ends, is_name=is_name):
            literal.update((opening, closing))
            qualifier_ends.add(closing)
    return "".join(f"\\{char}" if index in literal else char for index, char in enumerate(tag))


def unwrap_weight(tag: str) -> tuple[str, str, str] | None:
    """`("(", "long hair, blue eyes", ":1.2)")` for a tag inside one pair of brackets, None for any other."""
    if not tag or tag[0] not in "([":
        return None
    if _read_structure(tag).closing_of.get(0) != len(tag) - 1:
        return None
    inner, closing = tag[1:-1], tag[-1]
    weight = _STRICT_WEIGHT_END.search(inner) if closing == ")" else None
    if weight:
        return tag[0], inner[: weight.start()], weight.group() + closing
    return tag[0], inner, closing


def plain_text(tag: str) -> str:
    r"""`tag` as it is read aloud: no weights, no brackets of the grammar, `\(` as a parenthesis."""
    structure = _read_structure(tag)
    kept: list[str] = []
    start = 0
    for mark in _MARK.finditer(tag):
        position, what = mark.start(), mark.group()
        if position in structure.closing_of or position in structure.opening_of:
            text = tag[start:position]
            is_weightable = what == ")"
            kept.append(_WEIGHT_END.sub("", text) if is_weightable else text)
            start = mark.end()
        elif what[0] == "\\":
            kept.append(tag[start:position] + what[1])
            start = mark.end()
    kept.append(tag[start:])
    return " ".join("".join(kept).split())


def comparison_key(tag: str) -> str:
    """What two tags share when they are the same to a reader, whatever their case, spelling or weight.

    Ignores case, underscores, surplus spaces, escapes, brackets, weights and full-width forms. Qualifiers
    count: `saber` and `saber (fate)` are two tags.
    """
    text = plain_text(escape_parentheses(spoken_form(tag)))
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def reads_as_sentence(text: str) -> bool:
    """Whether `text` is prose rather than tags.

    Prose has words that tags lack: articles, pronouns, forms of "to be", sentence ends. A piece counts as
    prose when it is long and has such a word, or begins like an order to a painter. The text reads as a
    sentence when most of its words stand in such pieces: half where half the pieces are prose too, more where
    there are many short ones, and nearly all beside a tag such as `1girl`, as titles can read like prose
    (`is the order a rabbit?`). Japanese is judged by its verb endings. Meant for a hint only: it will err, in
    either direction.
    """
    pieces = [comparison_key(piece) for piece in split_tags(text)]
    if any(_JAPANESE_SENTENCE.search(piece) for piece in pieces):
        return True
    prose = [len(piece.split()) for piece in pieces if _is_prose(piece)]
    if not prose:
        return False
    share = sum(prose) / sum(len(piece.split()) for piece in pieces)
    if any(_COUNT_TAG.fullmatch(piece) for piece in pieces):
        return share >= 0.85
    return share >= (0.5 if len(prose) * 2 >= len(pieces) else 0.67)


@dataclass(frozen=True, slots=True)
class _Structure:
    """Positions of the brackets: `closing_of` maps opening to closing ones, `opening_of` back."""

    closing_of: dict[int, int]
    opening_of: dict[int, int]
    unpaired: frozenset[int]


def _read_structure(text: str) -> _Structure:
    faces = {match.start(1) for match in _BRACKET_FACE.finditer(text)}
    closing_of: dict[int, int] = {}
    unpaired = set(faces)
    open_round: list[int] = []
    open_square: list[int] = []
    for mark in _MARK.finditer(text):
        position, what = mark.start(), mark.group()
        if position in faces or what not in "()[]":
            continue
        stack = open_round if what in "()" else open_square
        if what in "([":
            stack.append(position)
        elif stack:
            closing_of[stack.pop()] = position
        else:
            unpaired.add(position)
    unpaired.update(open_round, open_square)
    opening_of = {closing: opening for opening, closing in closing_of.items()}
    return _Structure(closing_of, opening_of, frozenset(unpaired))


def _is_qualifier(
    tag: str, opening: int, structure: _Structure, qualifier_ends: set[int], *, is_name: bool
) -> bool:
    closing = structure.closing_of[opening]
    if _holds_separator(tag, opening, closing):
        return False
    before = opening - 1
    while before >= 0 and (tag[before].isspace() or tag[before] == "_"):
        before -= 1
    if before < 0 or tag[before] in _SEPARATORS or before in structure.closing_of:
        return False
    if before in structure.opening_of and before not in qualifier_ends:
        return False
    if is_name:
        return True
    is_doubled = structure.closing_of.get(opening + 1) == closing - 1
    is_weighted = _WEIGHT_END.search(tag[max(opening + 1, closing - _WEIGHT_LENGTH_MAX) : closing])
    return not is_doubled and not is_weighted and bool(_AFTER_QUALIFIER.match(tag, closing + 1))


def _holds_separator(tag: str, start: int, end: int) -> bool:
    return any(tag.find(separator, start, end) != -1 for separator in _SEPARATORS)


def _speak_word(word: str) -> str:
    bare = _WEIGHT_END.sub("", word)
    is_file = word.startswith("<") and ":" in word
    return word if is_file or bare.casefold() in EMOTICON_TAGS else word.replace("_", " ")


_PROSE_WORDS = (
    "a an the is are was were am be been being who whose which that this these those there he she they it "
    "its his her their my your i you we me him them while because where when and but has have had having "
    "wearing please draw make create generate want would should could can looks into through as"
)
_SENTENCE_WORDS = frozenset(_PROSE_WORDS.split())
_ORDER = re.compile(
    r"(?:please |can you |could you |i want |i would like |let's )?(?:to )?"
    r"(?:draw|make|create|generate|paint|show|give)(?: me| us)? (?:a|an|the|some|my|this|one|two|three)\b"
)
_COUNT_TAG = re.compile(r"\d+\+?(?:girl|boy|other)s?|solo|no humans")
_SENTENCE_END = re.compile(r"[a-z]{2,}[.!?](?: |$)")
_JAPANESE_SENTENCE = re.compile(
    r"[ぁ-ゖァ-ヶー一-鿿]{2}(?:です|ます|ました|ません|でした|ください|下さい|ている|ています|ていた|てほしい|描いて)(?:[。！!ねよ]|$)"
    r"|[ぁ-ゖァ-ヶー一-鿿]{4}。"
)


def _is_prose(piece: str) -> bool:
    if _ORDER.match(piece):
        return True
    words = [word.strip(".!?;:\"'()") for word in piece.split()]
    telling = sum(word in _SENTENCE_WORDS for word in words)
    if len(words) >= 4 and words[0] in ("a", "an", "she", "he", "they", "i", "there", "it", "my"):
        return telling >= 1
    if len(words) >= 4 and not {"a", "an"}.isdisjoint(words[1:]):
        return True
    if len(words) >= 4 and _SENTENCE_END.search(piece):
        return telling >= 1
    return (len(words) >= 6 and telling >= 2) or (len(words) >= 8 and telling >= 1) or len(words) >= 13
