"""A file is read to its last line, or refused with a fault that says what to send."""

import gzip
import io
from collections.abc import Callable

import openpyxl
import pytest

from shared.contracts.faults import RefusedError
from shared.imports.columns import Columns
from tests.support.importing import import_file

COLUMNS = Columns({"姓名": "name", "name": "name", "手机号码": "phone", "phone": "phone"})
TEXT = "姓名,手机号码\n罗晨春,17190000000\n冯静艳,17190000002\n"
EXPECTED = [(2, {"name": "罗晨春", "phone": "17190000000"}), (3, {"name": "冯静艳", "phone": "17190000002"})]


def read(content: bytes) -> list[tuple[int, dict[str, str]]]:
    return [(row.line, row.values) for row in import_file(content, COLUMNS).rows()]


def xlsx(text: str) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for line in text.splitlines():
        sheet.append([int(cell) if cell.isdecimal() else cell for cell in line.split(",")])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode(),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("gb18030"),
        lambda text: text.replace("\n", "\r\n").encode("gbk"),
        lambda text: gzip.compress(text.encode()),
        xlsx,
    ],
    ids=["utf-8", "utf-8 with BOM", "GB18030", "GBK with CRLF", "gzip", "xlsx"],
)
def test_the_same_rows_come_out_of_every_form_of_file(encode: Callable[[str], bytes]) -> None:
    assert read(encode(TEXT)) == EXPECTED


def test_headers_may_be_english_in_any_case_and_order() -> None:
    assert read(b"Phone , NAME\n1,a\n") == [(2, {"phone": "1", "name": "a"})]


def test_a_cell_over_two_lines_is_at_fault_in_both_and_does_not_shift_the_line_numbers() -> None:
    rows = list(import_file(b'name,phone\n"a\nb",1\nc,2\n', COLUMNS).rows())
    assert [(row.line, row.fault and row.fault.code) for row in rows] == [
        (2, "line_break"),
        (3, "line_break"),
        (4, None),
    ]


def test_a_line_with_too_many_or_too_few_columns_is_at_fault_and_the_others_are_read() -> None:
    rows = list(import_file(b"name,phone\na,1,x\nb\nc,3\n", COLUMNS).rows())
    assert [row.fault and row.fault.code for row in rows] == ["column_count", "column_count", None]


@pytest.mark.parametrize(
    ("content", "field", "code"),
    [
        (b"", "file", "empty_file"),
        (b"name\na\n", "header phone", "missing_column"),
        (b"name,phone,shoe size\n", "header column 3", "unknown_column"),
        (b"name,phone,name\n", "header column 3", "repeated_column"),
        (b"\x1f\x8bbroken", "file", "unreadable_file"),
        (b"PK\x03\x04broken", "file", "unreadable_file"),
        (b"\xff\xfe\xff\xff\xff", "file", "encoding"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(content: bytes, field: str, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        read(content)
    assert [(fault.field, fault.code) for fault in refused.value.faults] == [(field, code)]


@pytest.mark.parametrize(
    ("content", "sentences"),
    [
        (
            "2025年名册,,\n张三,李四,王五\n".encode(),
            (
                "第 1 行应是表头；找到的是：2025年名册。请把第 1 行写成列名：姓名、手机号码",
                "header should be line 1, where this was found: 2025年名册. Make line 1 the names of the columns: "
                "姓名、手机号码",
            ),
        ),
        (
            "姓名,手机号码,备注\n".encode(),
            (
                "第 3 列“备注”不是这种文件的列，请删除该列，或改为规定的列名",
                'header column 3 ("备注") is no column of this kind of file; delete it or name it as prescribed',
            ),
        ),
        (
            "姓名\n".encode(),
            (
                "表头缺少“手机号码”一列，请补上（没有内容可以留空）",
                'header phone ("手机号码") is missing; add the column, its cells may be empty',
            ),
        ),
    ],
)
def test_a_refusal_says_what_was_found_and_what_to_do(content: bytes, sentences: tuple[str, str]) -> None:
    with pytest.raises(RefusedError) as refused:
        read(content)
    (fault,) = refused.value.faults
    assert (fault.message("zh-CN"), fault.message("en")) == sentences


def test_a_person_in_the_first_line_is_not_quoted() -> None:
    with pytest.raises(RefusedError) as refused:
        read("阮语桐,17190000000\n冯静艳,17190000002\n".encode())
    (fault,) = refused.value.faults
    assert "阮" not in fault.message("zh-CN") + fault.message("en")
    assert "第 1 行应是表头" in fault.message("zh-CN")
