"""Tags: where texts are cut, how tags are spelt, what counts as a qualifier, what is prose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.tags import (
    CHUNK_BREAK,
    EMOTICON_TAGS,
    comparison_key,
    escape_parentheses,
    plain_text,
    reads_as_sentence,
    split_tags,
    spoken_form,
    unwrap_weight,
)

# Made of what the grammar cares about, so that brackets, escapes and commas meet often.
GRAMMAR_TEXT = st.text(alphabet="ab_ ,()[]\\:1.2，、\n^o>|", max_size=60) | st.text(max_size=40)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("1girl, smile", ["1girl", "smile"]),
        ("1girl，smile、hat\nshoes", ["1girl", "smile", "hat", "shoes"]),
        (" , ,, 1girl ,", ["1girl"]),
        ("", []),
        ("(long hair, blue eyes:1.2), hat", ["(long hair, blue eyes:1.2)", "hat"]),
        ("((a, b), [c, d]), e", ["((a, b), [c, d])", "e"]),
        (r"a \(b, c\)", [r"a \(b", r"c\)"]),
        ("(a, b", ["(a", "b"]),
        ("a), (b, c", ["a)", "(b", "c"]),
        ("((a, b), c", ["((a, b)", "c"]),
        (">:(, smile, :)", [">:(", "smile", ":)"]),
        ("(a [b), c], d", ["(a [b), c]", "d"]),
        ("red hair BREAK blue hair", ["red hair", CHUNK_BREAK, "blue hair"]),
        ("BREAKFAST, break", ["BREAKFAST", "break"]),
    ],
)
def test_a_text_is_cut_at_commas_outside_of_brackets(text: str, pieces: list[str]) -> None:
    assert split_tags(text) == pieces


@given(GRAMMAR_TEXT)
def test_any_text_can_be_cut_and_nothing_but_separators_is_lost(text: str) -> None:
    def letters(text: str) -> str:
        return "".join(char for char in text if not char.isspace() and char not in ",，、")

    pieces = split_tags(text)
    assert all(piece == piece.strip() != "" for piece in pieces)
    assert letters("".join(pieces)) == letters(text)


@pytest.mark.parametrize("opening", ["(", "[", "(a, ", "a_(", ":("])
def test_a_text_of_nothing_but_open_brackets_is_cut_in_linear_time(opening: str) -> None:
    """A quadratic reader would need minutes for this one, and the suite's timeout would end it."""
    text = opening * 200_000
    assert "".join(split_tags(text)).replace(",", "").count(opening[0]) == 200_000


@pytest.mark.parametrize(
    ("tag", "spoken"),
    [
        ("long_hair", "long hair"),
        ("Hatsune_Miku", "Hatsune Miku"),
        ("fate_(series)", "fate (series)"),
        ("^_^", "^_^"),
        (">_<", ">_<"),
        ("O_O", "O_O"),
        ("<o>_<o>", "<o>_<o>"),
        ("|_|", "|_|"),
        ("._.", "._."),
        ("(o)_(o)", "(o)_(o)"),
        ("(^_^:1.2)", "(^_^:1.2)"),
        ("(long_hair, o_o:1.2)", "(long hair, o_o:1.2)"),
        ("o_o_mask", "o o mask"),
        ("<lora:some_style:0.8>", "<lora:some_style:0.8>"),
        (" smile ", "smile"),
    ],
)
def test_underscores_become_spaces_but_in_emoticons(tag: str, spoken: str) -> None:
    assert spoken_form(tag) == spoken


@given(st.sampled_from(sorted(EMOTICON_TAGS)))
def test_every_emoticon_tag_keeps_its_mouth(tag: str) -> None:
    assert spoken_form(tag) == tag


@pytest.mark.parametrize(
    ("tag", "escaped"),
    [
        ("hoshimachi suisei (1st costume)", r"hoshimachi suisei \(1st costume\)"),
        (r"hoshimachi suisei \(1st costume\)", r"hoshimachi suisei \(1st costume\)"),
        ("fate_(series)", r"fate_\(series\)"),
        ("saber_(fate)", r"saber_\(fate\)"),
        ("archer (fate/stay night)", r"archer \(fate/stay night\)"),
        ("white mage (final fantasy) (cosplay)", r"white mage \(final fantasy\) \(cosplay\)"),
        ("a (b (c))", r"a \(b \(c\)\)"),
        ("(saber (fate):1.2)", r"(saber \(fate\):1.2)"),
        ("(smile)", "(smile)"),
        ("((smile))", "((smile))"),
        ("(red eyes:1.3)", "(red eyes:1.3)"),
        ("long hair (blue:1.2)", "long hair (blue:1.2)"),
        ("dress ((frilled))", "dress ((frilled))"),
        ("hair (long, blue)", "hair (long, blue)"),
        ("a girl (smiling) in a park", "a girl (smiling) in a park"),
        ("[smile]", "[smile]"),
        (">:(", r">:\("),
        (":)", r":\)"),
        ("(smile", r"\(smile"),
        ("smile]", r"smile\]"),
        ("(o)_(o)", r"\(o\)_\(o\)"),
    ],
)
def test_a_qualifier_becomes_literal_and_a_weight_stays(tag: str, escaped: str) -> None:
    assert escape_parentheses(tag) == escaped


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("firefly (honkai: star rail)", r"firefly \(honkai: star rail\)"),
        ("someone (the 1.5)", r"someone \(the 1.5\)"),
        ("someone (model:2)", r"someone \(model:2\)"),
        ("name (a) b", r"name \(a\) b"),
        ("(hatsune miku:1.2)", "(hatsune miku:1.2)"),
        ("(firefly (honkai: star rail):1.2)", r"(firefly \(honkai: star rail\):1.2)"),
    ],
)
def test_in_a_name_all_that_stands_in_parentheses_qualifies(name: str, escaped: str) -> None:
    assert escape_parentheses(name, is_name=True) == escaped


@given(GRAMMAR_TEXT, st.booleans())
def test_escaping_twice_is_escaping_once(text: str, is_name: bool) -> None:
    once = escape_parentheses(text, is_name=is_name)
    assert escape_parentheses(once, is_name=is_name) == once


@pytest.mark.parametrize(
    ("tag", "parts"),
    [
        ("(a, b:1.2)", ("(", "a, b", ":1.2)")),
        ("(a)", ("(", "a", ")")),
        ("[a:1.2]", ("[", "a:1.2", "]")),
        ("(re:zero)", ("(", "re:zero", ")")),
        ("(a) (b)", None),
        (r"\(a\)", None),
        ("a", None),
        ("", None),
    ],
)
def test_a_weighted_group_comes_apart_into_brackets_and_content(
    tag: str, parts: tuple[str, str, str] | None
) -> None:
    assert unwrap_weight(tag) == parts


@pytest.mark.parametrize(
    "same",
    [
        (
            "masterpiece",
            "Masterpiece",
            "(masterpiece:1.2)",
            "((masterpiece))",
            "[masterpiece]",
            " masterpiece ",
        ),
        ("long hair", "long_hair", "Long  Hair", "(long_hair:0.8)", "ｌｏｎｇ hair"),
        ("saber (fate)", "saber_(fate)", r"saber \(fate\)", r"(saber \(fate\):1.1)", "Saber (Fate)"),
        ("o_o", "O_O", "(o_o:1.1)"),
        (":(", r":\("),
    ],
)
def test_the_same_tag_has_the_same_key_however_it_is_typed(same: tuple[str, ...]) -> None:
    assert len({comparison_key(tag) for tag in same}) == 1


@pytest.mark.parametrize(
    ("one", "other"), [("saber", "saber (fate)"), ("o_o", "o o"), ("1girl", "2girls"), ("hair", "hairs")]
)
def test_different_tags_have_different_keys(one: str, other: str) -> None:
    assert comparison_key(one) != comparison_key(other)


@given(GRAMMAR_TEXT)
def test_reading_aloud_takes_any_text(text: str) -> None:
    plain_text(text)
    comparison_key(text)
    spoken_form(text)
    unwrap_weight(text)
    reads_as_sentence(text)


SENTENCES = (
    "a girl with blue hair standing in a field",
    "A cat girl is sitting on the roof.",
    "draw a girl with long hair",
    "please draw me a dragon",
    "Draw my character as a knight",
    "can you make a picture of a castle",
    "I want a girl who holds a sword",
    "generate an anime girl in the rain",
    "she is looking at the moon while it snows",
    "a beautiful woman wearing a red dress in a garden",
    "The hero stands on a cliff and looks into the distance.",
    "there is a cat on the table",
    "a boy and his dog walk through the forest",
    "an old man that reads a book by the fire",
    "two girls who are eating ice cream together at the beach",
    "my oc is a fox with three tails",
    "show me a city at night",
    "paint a sunset over the ocean",
    "Hatsune Miku is singing on a stage in front of a crowd.",
    "a robot that was left behind in the desert",
    "a knight, who is tired after the battle, rests under a tree",
    "create a girl with cat ears",
    "make her smile and give her a hat with a ribbon that is blue",
    "A magical girl flying over the city at night with her wand",
    "He was walking home when it started to rain.",
    "they are dancing in the moonlight",
    "i would like a wizard with a long beard",
    "a samurai in the style of an old woodblock print",
    "it is a warm summer day and the children are playing in the park",
    "let's draw a witch on her broom",
    "猫耳の女の子が公園で本を読んでいます。",
    "青い髪の少女を描いてください",
    "夕焼けの海辺を歩いている",
)

TAG_LISTS = (
    "1girl, solo, long hair, looking at viewer, smile",
    "1girl",
    "smile",
    "landscape",
    "cat girl",
    "hatsune miku",
    "looking at viewer",
    "hand on own hip, head tilt, looking to the side",
    "1girl, arima kana, oshi no ko, hoshimachi suisei, cosplay, night, v",
    "masterpiece, high score, great score, absurdres, 1girl, firefly (honkai: star rail), casual, solo",
    "sword art online, kirito, 1boy, sword, holding",
    "2girls, the legend of zelda: breath of the wild, zelda, holding hands",
    "1girl, that time i got reincarnated as a slime, rimuru tempest, cape",
    "fate (series), saber (fate), armor, excalibur",
    "(long hair, blue eyes:1.2), hat",
    "long_hair, blue_eyes, school_uniform",
    "no humans, scenery, mountain, river, bridge, sunset",
    "hair over one eye, sleeves past wrists, arm behind back",
    "from above, from behind, on bed, lying on side",
    "standing on one leg, arms up, open mouth",
    "1boy, dutch angle, depth of field, blurry background",
    "kimi no na wa, miyamizu mitsuha",
    "date a live, tokisaki kurumi, clock eyes",
    "is the order a rabbit?, kafuu chino, cup",
    "1girl, a-line dress, beret",
    "girls und panzer, tank, nishizumi miho",
    "clothes around waist, hands in pockets",
    "a, b, c",
    "v, x, :d, o_o",
    "black hair, red eyes, white shirt, pleated skirt, black thighhighs",
    "reaching towards viewer, light particles, wind",
    "1girl BREAK blue sky",
    "初音ミク, 制服, 桜",
    "猫耳、笑顔、制服",
    "",
)


@pytest.mark.parametrize("text", SENTENCES)
def test_prose_reads_as_a_sentence(text: str) -> None:
    assert reads_as_sentence(text)


@pytest.mark.parametrize("text", TAG_LISTS)
def test_tags_do_not_read_as_a_sentence(text: str) -> None:
    assert not reads_as_sentence(text)
