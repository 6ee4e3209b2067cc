"""Ages under 18 in the number words of Japanese (kanji, kana, romaji) and of a few European languages, and Korean."""

import re


def japanese_minor_age(text: str) -> str | None:
    """The words in `text` that state an age under 18: "十四歳", "じゅうにさい", "juuni sai", "2014年生まれ"."""
    if text.isascii() and "sai" not in text:
        return None
    for match in _WRITTEN_AGE.finditer(text):
        if _kanji_number(match[1]) < 18:
            return match.group()
    if _BORN.search(text):
        return text
    for match in _SPOKEN_AGE.finditer(text.translate(_AS_HIRAGANA)):
        if match["single"] or (not match["tens"] and _UNITS[match["unit"] or ""] < 8):
            return match.group()
    return None


def foreign_minor_age(spaced: str) -> str | None:
    """The number words and the word for years that state an age under 18: "doce anos"; without accents."""
    if not any(years in spaced for years in _YEARS):
        return None
    found = _FOREIGN_AGE.search(spaced)
    return found.group() if found else None


_WRITTEN_AGE = re.compile(
    r"(\d{1,4}|[〇零一二三四五六七八九十百千壱弐参拾壹貳參兩两廿]{1,6}) ?"
    r"(?:歳|才(?!能)|さい|サイ|周?[岁嵗歲]|살|세(?![가-힣])|ปี?|साल|वर्ष|سنة|عام)"
)
_KANJI_DIGITS = {char: number for number, char in enumerate("〇一二三四五六七八九")} | dict(
    zip("零壱弐参壹貳參兩两", (0, 1, 2, 3, 1, 2, 3, 2, 2), strict=True)
)
_KANJI_UNITS = {"十": 10, "拾": 10, "廿": 20, "百": 100, "千": 1000}
# Whoever was born in 2009 comes of age in 2027; from then on this errs on the careful side.
_BORN = re.compile(r"20(?:09|[1-9]\d) ?年 ?(?:生|出生)")

_UNITS = {
    "": 0, "ichi": 1, "is": 1, "ni": 2, "san": 3, "yon": 4, "shi": 4, "go": 5, "roku": 6, "nana": 7, "shichi": 7,
    "hachi": 8, "has": 8, "kyuu": 9, "kyu": 9, "ku": 9,
    "いち": 1, "いっ": 1, "に": 2, "さん": 3, "よん": 4, "し": 4, "ご": 5, "ろく": 6, "なな": 7, "しち": 7, "はち": 8,
    "はっ": 8, "きゅう": 9, "く": 9,
}  # fmt: skip
_UNIT = "|".join(unit for unit in sorted(_UNITS, key=len, reverse=True) if unit)
# Ages below ten are known in full forms only: "くさい" and "sansai" are other words.
_SPOKEN_AGE = re.compile(
    rf"(?:(?P<tens>{_UNIT}) ?)?(?:\bj[uy]{{1,2}}u?|juu|ju[st]|jis|じゅう|じゅっ|じっ) ?(?P<unit>{_UNIT})?"
    r" ?(?:sai(?![a-z])|さい|歳|才)"
    r"|(?P<single>\b(?:yon|roku|nana|shichi|hachi|has|kyuu|kyu) ?sai\b|\bgo sai\b"
    r"|(?<![ぁ-ゖ])(?:よん|ろく|なな|しち|はち|はっ|きゅう)さい)"
)
_AS_HIRAGANA = {katakana: katakana - 0x60 for katakana in range(ord("ァ"), ord("ヶ") + 1)}

_YEARS = ("anos", "ans", "anni", "jahr", " let", "살", "18")
_FOREIGN_AGE = re.compile(
    r"\b(?<!vingt )(?<!trente )(?<!quarante )(?<!cinquante )(?<!soixante )(?<! y )(?<! e )(?<! et )"
    r"(?:(?:cinco|seis|siete|ocho|nueve|diez|once|doce|trece|catorce|quince|dieciseis|diecisiete"
    r"|sete|oito|nove|dez|onze|doze|treze|quatorze|quinze|dezesseis|dezasseis|dezessete|dezassete) anos"
    r"|(?:cinq|six|sept|(?<!dix )huit|(?<!dix )neuf|dix|onze|douze|treize|quatorze|quinze|seize) ans"
    r"|(?:cinque|sei|sette|otto|nove|dieci|undici|dodici|tredici|quattordici|quindici|sedici|diciassette) anni"
    r"|(?:pyat|shest|sem|vosem|devyat|desyat|(?:odin|dve|tri|chetyr|pyat|shest|sem)nadtsat) let"
    r"|(?:menor|menores|menos|moins|unter|minore|minori|onder) (?:de |di |dei |als )?18"
    r"|(?:funf|sechs|sieben|acht|neun|zehn|elf|zwolf|dreizehn|vierzehn|funfzehn|sechzehn|siebzehn)"
    r" ?jahr(?:en?|ig\w*)?)\b"
    r"|(?:열(?:한|두|세|네|다섯|여섯|일곱)?|(?<![가-힣])(?:다섯|여섯|일곱|여덟|아홉)) ?살"
)


def _kanji_number(text: str) -> int:
    """The number that digits or kanji state: 十七 is 17, 二十 is 20, 一七 is 17."""
    if text.isdecimal():
        return int(text)
    total, digits = 0, ""
    for char in text:
        if unit := _KANJI_UNITS.get(char):
            total += (int(digits) if digits else 1) * unit
            digits = ""
        else:
            digits += str(_KANJI_DIGITS[char])
    return total + (int(digits) if digits else 0)
