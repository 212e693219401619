"""How people write text, and the one form that is kept: of files, forms and searches alike.

Invariant: ``tidy``, ``line``, ``name`` and ``code`` are idempotent, and what looks the same to a reader is the same
after them: widths, compatibility forms, radicals, blanks, middle dots, and marks that nobody sees. They take nothing
away that somebody could see. A text that a broken conversion has left behind is refused (``is_garbled``), not kept.
"""

import re
import unicodedata
from collections.abc import Callable

_RADICALS = dict(
    zip(
        "⺀⺄⺈⺊⺌⺍⺓⺕⺗⺘⺙⺛⺜⺝⺞⺟⺠⺡⺢⺣⺧⺨⺩⺫⺬⺭⺮⺰⺱⺶⺸⺹⺼⺽⺾⺿⻀⻁⻂⻃⻄⻅⻆⻈⻉⻋⻌⻍⻎⻏⻐⻑⻒⻓⻔⻖⻗⻘⻙⻚⻛⻜⻝⻟⻠⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲⻳",
        "冫乙刀卜小小幺彐㣺扌攵旡日月歹母民氵氺灬牛犭王目示礻竹纟罓羊羊耂肉臼艹艹艹虎衤覀西见角讠贝车辶辶辶邑钅長镸长门阝雨青韦页风飞食飠饣马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀龟",
        strict=True,
    )
)
"""What programs that copy out of PDF files write for ideographs (Unicode: EquivalentUnifiedIdeograph)."""
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0") | frozenset(
    map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)
"""Marks without a picture of their own, beside the formats of category Cf: fillers, and selectors of a variant."""
_BLANK = "\u2800"  # braille without a dot
_DASHES = frozenset("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d")
_LIFTED = ("<super>", "<sub>")  # 5² is not 52
_DOTS = re.compile(
    "[\u0387\u02d9\u1427\u16eb\u2022\u2024\u2027\u2219\u22c5\u2e31\u2e33\u30fb\u318d\ua78f\ufe52\uff0e\uff65]"
)
_HAN = "\u3005\u3007\u303b\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Ideographs, also those that this Python's Unicode does not name yet."""
_DOT_BETWEEN_IDEOGRAPHS = re.compile(f"(?<=[{_HAN}])\\.(?=[{_HAN}])")
_AROUND_DOT = re.compile(r" *·[ ·]*")
_BLANK_BETWEEN_IDEOGRAPHS = re.compile(f"(?<=[{_HAN}]) (?=[{_HAN}])")
_APOSTROPHE = re.compile("(?<=[^\\W\\d_])[\u2018\u2019\u02bc\u2032\uff07`\u00b4](?=[^\\W\\d_])")
_BLANKS = re.compile(" +")
_PLAIN = re.compile("(?:[!-~\u4e00-\u9fa5\u3001\u3002\uff08\uff09\uff0c\uff1a\u00b7]+(?: (?!\\Z))?)*")
"""What the foldings leave alone; nearly all text there is."""
_PLAIN_NAME = re.compile("[\u4e00-\u9fa5]+(?:·[\u4e00-\u9fa5]+)*")
_WHOLE = re.compile("[0-9]{1,9}")
_HALF_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


class _Folding(dict[int, str]):
    """A table for ``str.translate`` that works each character out when it is first met."""

    def __init__(self, fold: Callable[[str], str]) -> None:
        super().__init__()
        self._fold = fold

    def __missing__(self, code: int) -> str:
        self[code] = folded = self._fold(chr(code))
        return folded


def _folded(character: str) -> str:
    """Return a letter, digit or blank in its plain form, nothing for what nobody sees; signs stay as they are."""
    category = unicodedata.category(character)
    if category == "Cf" or character in _UNSEEN:
        return ""
    if category == "Zs" or character == _BLANK:
        return " "
    if category in ("Zl", "Zp"):
        return "\n"
    if character in _RADICALS:
        return _RADICALS[character]
    if category[0] == "L" or category == "Nd" or "\u2f00" <= character <= "\u2fd5":
        lifted = unicodedata.decomposition(character).startswith(_LIFTED)
        return character if lifted else unicodedata.normalize("NFKC", character)
    return character


def _folded_in_code(character: str) -> str:
    """Return a character of a number or code in its plain form: signs too, and every dash as ``-``."""
    if character in _UNSEEN:
        return ""
    if character in _DASHES:
        return "-"
    if unicodedata.decomposition(character).startswith(("<wide>", "<narrow>", "<small>")):
        return unicodedata.normalize("NFKC", character)
    return _folded(character)


_TEXT, _IN_CODE = _Folding(_folded), _Folding(_folded_in_code)


def tidy(value: str) -> str:
    """Return any text, of one line or several, with plain letters, digits and blanks, and none of these around it."""
    if _PLAIN.fullmatch(value):
        return value
    return unicodedata.normalize("NFC", value.translate(_TEXT)).strip()


def line(value: str) -> str:
    """Return a text of one line, as a title is: ``tidy``, single blanks, one kind of middle dot."""
    if _PLAIN.fullmatch(value):
        return value
    return _BLANKS.sub(" ", _DOTS.sub("·", tidy(_DOTS.sub("·", value))))


def name(value: str) -> str:
    """Return the name of a person or place: a ``line`` without blanks between ideographs and beside a middle dot."""
    if _PLAIN_NAME.fullmatch(value):
        return value
    once = _BLANK_BETWEEN_IDEOGRAPHS.sub("", line(value))
    dotted = _AROUND_DOT.sub("·", _DOT_BETWEEN_IDEOGRAPHS.sub("·", once))
    return _APOSTROPHE.sub("'", dotted)


def code(value: str) -> str:
    """Return a number, date or code as its plain characters: full-width signs and every kind of dash as well."""
    if value.isascii():
        return value.strip()
    return unicodedata.normalize("NFC", value.translate(_IN_CODE)).strip()


def number(value: str) -> str:
    """Return a volunteer number or the like: a ``code`` in capitals."""
    return code(value).upper()


def has_control_character(value: str) -> bool:
    """Return whether a text of one line holds a C0 or C1 control character: a line break, a tab, a NUL."""
    return _CONTROL.search(value) is not None


def whole(value: str) -> int | None:
    """Return the whole number that somebody has typed, of up to nine digits; None where it is none or is broken."""
    plain = code(value)
    return int(plain) if _WHOLE.fullmatch(plain) else None


def can_be_kept(value: str) -> bool:
    """Return whether PostgreSQL can hold a text: no NUL, and no half of a surrogate pair, which JSON can write."""
    return "\0" not in value and not _HALF_SURROGATE.search(value)


# --- what broken conversions leave behind ---

_LOST = re.compile("[\ufffd\ufffc\u25a1\u25af\u3013\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff\U000f0000-\U0010ffff]")
"""A replacement, a box for what a font lacks, a private use: characters that name nothing."""
_LOST_TO_A_CODE_PAGE = re.compile(r"\?\?|(?<=\w)\?(?=\w)")
_OF_REPLACEMENTS = re.compile("锟斤|斤拷|拷锟|烫烫烫|屯屯屯")
"""U+FFFD in UTF-8 read as GBK, and unused memory read as GBK."""
_MIXED_WORD = re.compile("[A-Za-z\u00c0-\u024f][\u0400-\u052f]|[\u0400-\u052f][A-Za-z\u00c0-\u024f]")
_ANY_HAN = re.compile(f"[{_HAN}]")
_ONLY_HAN = re.compile(f"[{_HAN}]+")
_ACCENTED_ALONE = re.compile("[\u0080-\u00ff]+")


def is_garbled(value: str) -> bool:
    """Return whether a text as written is what a code page could not write, or was written in one and read in another.

    Blanks that are foldings' work are part of the trace, so it is asked of what came in.
    """
    if value.isascii():
        return _LOST_TO_A_CODE_PAGE.search(value) is not None
    lost = _LOST.search(value) or _LOST_TO_A_CODE_PAGE.search(value) or _OF_REPLACEMENTS.search(value)
    return lost is not None or _is_misread(value)


def _is_misread(value: str) -> bool:
    """Return whether the bytes of a text, in the code that it would have been read in, are a text of another code."""
    return any(_is_recoded(value.replace(" ", blank)) for blank in ("", "\u00a0"))


def _is_recoded(compact: str) -> bool:
    if _ACCENTED_ALONE.fullmatch(compact) and _has_han(_recoded(compact, "latin-1", "gb18030")):
        return True
    if not _ANY_HAN.search(compact):
        as_utf_8 = _recoded(compact, "cp1252", "utf-8") or _recoded(compact, "latin-1", "utf-8")
        return as_utf_8 not in ("", compact)
    return _has_han(_recoded(compact, "gb18030", "utf-8"))


def _has_han(text: str) -> bool:
    return _ANY_HAN.search(text) is not None


def _recoded(text: str, written: str, read: str) -> str:
    try:
        return text.encode(written).decode(read)
    except UnicodeError:
        return ""


def mixes_alphabets(value: str) -> bool:
    """Return whether one word is of Latin and Cyrillic letters, which look the same and are not."""
    return not value.isascii() and _MIXED_WORD.search(value) is not None


def lacks_letters(value: str) -> bool:
    """Return whether a name of a place or thing says nothing: no letter of any script, no ideograph."""
    return not any(_is_letter(character) for character in value)


# --- names of persons ---

_JOINTS, _OPEN_JOINTS = " ·'-.,\u0f0b", " ·'-,"
"""What stands between the parts of a name, in Tibetan a tsheg; and of these, what does not end one."""
_PARTS = re.compile(f"[{re.escape(_JOINTS)}]+")
_KATAKANA = "\u30a1-\u30fa\u30fc-\u30fe"
_LONE_KATAKANA = re.compile(f"(?<![{_KATAKANA}])[{_KATAKANA}](?![{_KATAKANA}])")
_HAN_SCRIPT, _LATIN, _KANA, _HANGUL = "HAN", "LATIN", ("HIRAGANA", "KATAKANA"), "HANGUL"


def is_name(value: str) -> bool:
    """Return whether a text in its form as a ``name`` is of nothing but letters, and what stands between names."""
    return (
        value[:1] not in _JOINTS
        and value[-1:] not in _OPEN_JOINTS
        and all(character in _JOINTS or _is_letter(character) for character in value)
    )


def _is_letter(character: str) -> bool:
    return _ONLY_HAN.fullmatch(character) is not None or unicodedata.category(character)[0] in "LM"


def is_of_look_alikes(value: str) -> bool:
    """Return whether a person's name mixes scripts as no name does: a Greek ``Α`` in Anna, a kana ``ニ`` for 二.

    A name is of one script; ideographs may have a Latin name beside them, in words of its own, and kana or Hangul.
    """
    if value.isascii() or _ONLY_HAN.fullmatch(value):
        return False
    parts = [{_script(character) for character in part} - {""} for part in _PARTS.split(value)]
    whole = set().union(*parts)
    if len(whole) <= 1:
        return False
    others = whole - {_HAN_SCRIPT, _LATIN, *_KANA, _HANGUL}
    mixed = any(_LATIN in part and len(part) > 1 for part in parts)
    kana_for_ideograph = _HAN_SCRIPT in whole and _LONE_KATAKANA.search(value) is not None
    return bool(others) or mixed or kana_for_ideograph


def _script(character: str) -> str:
    """Return what the letter's script is called, nothing for a combining mark."""
    if _ONLY_HAN.fullmatch(character):
        return _HAN_SCRIPT
    if unicodedata.category(character)[0] == "M" or character == "ー":
        return ""
    return unicodedata.name(character, "?").removeprefix("KATAKANA-").split(" ")[0].split("-")[0]
