"""Text has one form, however it was typed, pasted or copied; what is no text any more is known as that."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import text

FORMS = [text.tidy, text.line, text.name, text.code]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
IDEOGRAPHS = st.text(
    st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)
    | st.characters(min_codepoint=0x20000, max_codepoint=0x323AF, exclude_categories=[]),
    min_size=2,
    max_size=6,
)
DOTS = st.sampled_from("·‧•・．･∙⋅ㆍ․")
UNSEEN = st.sampled_from(["", "\u200b", "\u200e", "\u202a", "\ufeff", "\u00ad", "\u2060", "\ufe00", "\U000e0101"])
BLANKS = st.sampled_from(["", " ", "\u00a0", "\u3000", "\u2003", "\u202f", "\u2800"])


@pytest.mark.parametrize("form", FORMS)
@given(TEXTS)
def test_a_form_is_its_own(form: Callable[[str], str], written: str) -> None:
    once = form(written)
    assert form(once) == once


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_its_own_for_every_character_of_a_script(form: Callable[[str], str]) -> None:
    codes = (*range(0x3400), *range(0x9FFF, 0xAC00), *range(0xD7A4, 0xD800), *range(0xE000, 0x20000))
    scripts = map(chr, codes)
    once = form("\n".join(f"中{character}文" for character in scripts))
    assert form(once) == once


@given(IDEOGRAPHS, UNSEEN, BLANKS, BLANKS)
def test_a_name_is_one_however_it_is_spaced_and_whatever_nobody_sees(
    name: str, unseen: str, blank: str, around: str
) -> None:
    kept = text.name(name)
    assert text.name(around + (unseen + blank).join(name) + unseen + around) == kept


@given(st.lists(IDEOGRAPHS, min_size=2, max_size=4), DOTS, BLANKS, BLANKS)
def test_a_minority_name_is_one_whichever_dot_stands_in_it(parts: list[str], dot: str, before: str, after: str) -> None:
    assert text.name(f"{before}{dot}{after}".join(parts)) == text.name("·".join(parts))


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("ＡＮＮ　ＬＥＥ", "ANN LEE"),
        ("⺠⽣", "民生"),
        ("\uf9e1明", "李明"),
        ("e\u0301", "é"),
        ("O’Neil", "O'Neil"),
        ("ﾕﾅ", "ユナ"),
        ("ﾊﾞﾝ", "バン"),
        ("买买提．吐尔逊", "买买提·吐尔逊"),
        ("阿依古丽··买买提", "阿依古丽·买买提"),
        ("St. John", "St. John"),
        ("第３小学", "第3小学"),
        ("第²小学", "第²小学"),
    ],
)
def test_a_name_is_kept_in_plain_characters(written: str, kept: str) -> None:
    assert text.name(written) == kept


def test_a_title_keeps_its_punctuation_and_single_blanks() -> None:
    assert text.line(" 清明　 祭扫（第２场）：“学雷锋”！\u200b ") == "清明 祭扫（第2场）：“学雷锋”！"


def test_a_text_keeps_its_lines() -> None:
    assert text.tidy("\n一、带水\u2028二、戴帽\n") == "一、带水\n二、戴帽"


def test_a_code_is_in_plain_characters_with_plain_signs() -> None:
    assert text.code(" ５１０１１５－ＳＴＡ—０１：\u200b") == "510115-STA-01:"
    assert text.code("²") == "²"


REAL_NAMES = [
    "张三", "欧阳娜娜", "㑇𠅤", "𪚥𰻝𱍐龘", "武曌", "〇一", "刘锟", "曾祥锟", "赵𫖯", "路通", "联通",
    "阿卜杜拉·买买提·阿不都热合曼·吐尔逊江·阿力木江·艾尔肯", "约翰·F·肯尼迪",
    "艾米丽 Emily", "O'Neil", "Jean-Luc Picard", "María José", "Łukasz Żółć", "Nguyễn Văn Anh", "St. John",
    "SMITH, JOHN", "Ñu", "Öz", "山田はなこ", "佐藤エミ", "김민수", "Иван Петров", "བསྟན་འཛིན", "محمد", "ნინო", "ᠪᠠᠲᠤ",
]  # fmt: skip
"""Invented, but as real people are called."""


@pytest.mark.parametrize("name", REAL_NAMES)
def test_real_names_pass(name: str) -> None:
    kept = text.name(name)
    assert text.is_name(kept)
    assert not text.is_garbled(name)
    assert not text.is_of_look_alikes(kept)


@given(IDEOGRAPHS)
def test_every_ideograph_can_be_in_a_name(name: str) -> None:
    assert text.is_name(text.name(name))
    assert not text.is_of_look_alikes(text.name(name))


def misread(name: str, written: str, read: str) -> str:
    return name.encode(written).decode(read, errors="replace")


@pytest.mark.parametrize("name", ["张三", "欧阳修文", "王小明", "志愿服务站"])
@pytest.mark.parametrize(
    ("written", "read"),
    [("utf-8", "gbk"), ("utf-8", "cp1252"), ("utf-8", "latin-1"), ("gbk", "latin-1"), ("gbk", "utf-8")],
)
def test_what_was_written_in_one_code_and_read_in_another_is_known(name: str, written: str, read: str) -> None:
    broken = misread(name, written, read)
    assert text.is_garbled(broken) or text.has_control_character(broken) or not text.is_name(text.name(broken))


@pytest.mark.parametrize(
    "written",
    [
        "张\ufffd",
        "锟斤拷",
        "张□",
        "张〓",
        "\ue123三",
        "\U000f0000",
        "JosÃ©",
        "寮犱笁",
        "ÕÅÈý",
        "社区?扫",
        "活动???",
        "??",
    ],
)
def test_what_a_code_page_could_not_write_is_known(written: str) -> None:
    assert text.is_garbled(written)


@pytest.mark.parametrize("written", ["准备好了吗?", "Who? What?", "α波讲座", "5 μm 滤网", "2026“春”——志愿服务"])
def test_a_title_may_ask_and_use_signs(written: str) -> None:
    assert not text.is_garbled(written)
    assert not text.mixes_alphabets(written)


@pytest.mark.parametrize("name", ["Аnna", "Anna Реtrova", "Αnna", "王ニ", "李Lisa", "张ㄧ", "Rоbert", "丁Т"])
def test_look_alikes_are_known(name: str) -> None:
    assert text.is_of_look_alikes(text.name(name))


@pytest.mark.parametrize(
    "name", ["张3", "张①", "张Ⅱ", "王○", "⿰亻三", "张**", "张三(大)", "12345", "-", "·", "🙂", "", "张·"]
)
def test_digits_and_signs_are_no_names(name: str) -> None:
    assert not text.is_name(text.name(name))
