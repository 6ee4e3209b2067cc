"""Prompts whose reading was written down by hand: each with its runs of text and weight, BREAKs included."""

from typing import Final

BREAK: Final = ("BREAK", -1.0)
"""A BREAK among the runs. In the lpw mode it is that word, at that weight."""

Runs = list[tuple[str, float]]

_LONG_TAGS = (
    "1girl, solo, silver hair, long hair, ahoge, blue eyes, looking at viewer, smile, school uniform, serafuku, "
    "pleated skirt, thighhighs, outdoors, cherry blossoms, falling petals, wind, floating hair, upper body, "
    "depth of field, blurry background, lens flare, sunlight, masterpiece, high score, great score, absurdres"
)

HELD: dict[str, tuple[str, Runs]] = {
    "empty": ("", []),
    "spaces": ("   ", [("   ", 1)]),
    "one word": ("1girl", [("1girl", 1)]),
    "tags": ("1girl, silver hair, smile", [("1girl, silver hair, smile", 1)]),
    "the card's example": (
        "1girl, arima kana, oshi no ko, hoshimachi suisei, solo, idol, idol clothes, wink",
        [
            (
                "1girl, arima kana, oshi no ko, hoshimachi suisei, solo, idol, idol clothes, wink",
                1,
            )
        ],
    ),
    "weighted": ("red (hair:1.3), smile", [("red ", 1), ("hair", 1.3), (", smile", 1)]),
    "weakened": ("red (hair:0.6), smile", [("red ", 1), ("hair", 0.6), (", smile", 1)]),
    "nothing of it": ("red (hair:0), smile", [("red ", 1), ("hair", 0), (", smile", 1)]),
    "turned round": ("red (hair:-1), smile", [("red ", 1), ("hair", -1), (", smile", 1)]),
    "with a sign": ("(hair:+1.2)", [("hair", 1.2)]),
    "round": ("a (night) sky", [("a ", 1), ("night", 1.1), (" sky", 1)]),
    "square": ("a [night] sky", [("a ", 1), ("night", 1 / 1.1), (" sky", 1)]),
    "twice round": ("((night))", [("night", 1.21)]),
    "twice square": ("[[night]]", [("night", 1 / 1.21)]),
    "round in square": ("[(night)] sky", [("night sky", 1)]),
    "square in round": ("([night] sky)", [("night", 1), (" sky", 1.1)]),
    "nested weights": ("(a (b:1.5) c:1.2)", [("a ", 1.2), ("b", 1.8), (" c", 1.2)]),
    "weight in brackets": ("((b:1.5))", [("b", 1.65)]),
    "two groups": ("(red:1.2) (blue:0.8)", [("red", 1.2), (" ", 1), ("blue", 0.8)]),
    "neighbours of one weight": ("(red:1.2)(blue:1.2)", [("redblue", 1.2)]),
    "spaced number": ("(night: 1.3)", [("night: 1.3", 1.1)]),
    "two points": ("a (b:c:1.4)", [("a ", 1), ("b:c", 1.4)]),
    "no number": ("(re:zero)", [("re:zero", 1.1)]),
    "never closed": ("a (night sky", [("a ", 1), ("night sky", 1.1)]),
    "square never closed": ("a [night sky", [("a ", 1), ("night sky", 1 / 1.1)]),
    "never opened": ("night) sky]", [("night) sky]", 1)]),
    "lone brackets": (")(", [(")", 1)]),
    "many lone brackets": ("]]][[[", [("]]]", 1)]),
    "number without group": ("night:1.3) sky", [("night:1.3) sky", 1)]),
    "escaped": (r"arima kana \(oshi no ko\)", [("arima kana (oshi no ko)", 1)]),
    "escaped in a group": (r"(saber \(fate\):1.2), sword", [("saber (fate)", 1.2), (", sword", 1)]),
    "escaped square": (r"\[alter\]", [("[alter]", 1)]),
    "escaped backslash": (r"a\\b", [("a\\b", 1)]),
    "emoticon": (r"1girl, \(o\)_\(o\), :d, ^_^", [("1girl, (o)_(o), :d, ^_^", 1)]),
    "Japanese": ("夜空, (銀髪の少女:1.2)", [("夜空, ", 1), ("銀髪の少女", 1.2)]),
    "emoji": ("cat 🐈 and ümläut", [("cat 🐈 and ümläut", 1)]),
    "marks": ("what?! !! k-on!", [("what?! !! k-on!", 1)]),
    "marks weighted": ("(k-on!:1.3), smile", [("k-on!", 1.3), (", smile", 1)]),
    "capitals": ("1GIRL, Silver HAIR", [("1GIRL, Silver HAIR", 1)]),
    "underscores": ("silver_hair, looking_at_viewer", [("silver_hair, looking_at_viewer", 1)]),
    "more than a chunk": (_LONG_TAGS, [(_LONG_TAGS, 1)]),
    "a weight in the second chunk": (f"{_LONG_TAGS}, (rain:1.4)", [(f"{_LONG_TAGS}, ", 1), ("rain", 1.4)]),
    "a weight over two chunks": (f"({_LONG_TAGS}:1.2), rain", [(_LONG_TAGS, 1.2), (", rain", 1)]),
    "three chunks": (f"{_LONG_TAGS}, {_LONG_TAGS}", [(f"{_LONG_TAGS}, {_LONG_TAGS}", 1)]),
    "BREAK": ("red hair BREAK blue sky", [("red hair", 1), BREAK, ("blue sky", 1)]),
    "BREAK twice": ("a BREAK b BREAK c", [("a", 1), BREAK, ("b", 1), BREAK, ("c", 1)]),
    "BREAK beside weights": (
        "(red:1.2) hair BREAK [blue] sky",
        [("red", 1.2), (" hair", 1), BREAK, ("blue", 1 / 1.1), (" sky", 1)],
    ),
    "breaking is no BREAK": ("breaking bad, BREAKER", [("breaking bad, BREAKER", 1)]),
}
"""By name: the prompt, and how A1111's grammar reads it."""

NEGATIVES: Final = ["", "lowres, (bad anatomy:1.2)", _LONG_TAGS]
"""A negative of each length beside the prompts: none, one chunk, more than one."""

NEGATIVE_RUNS: list[Runs] = [[], [("lowres, ", 1), ("bad anatomy", 1.2)], [(_LONG_TAGS, 1)]]
"""How those are read."""
