"""A file is read to its last line, or refused with a fault that says what to send."""

import gzip
import io
from collections.abc import Callable

import openpyxl
import pytest

from shared.contracts.faults import RefusedError
from shared.imports.reading import read_rows

COLUMNS = {"姓名": "name", "name": "name", "手机号码": "phone", "phone": "phone"}
TEXT = "姓名,手机号码\n罗晨春,17190000000\n冯静艳,17190000002\n"
EXPECTED = [(2, {"name": "罗晨春", "phone": "17190000000"}), (3, {"name": "冯静艳", "phone": "17190000002"})]


def read(content: bytes) -> list[tuple[int, dict[str, str]]]:
    return [(row.line, row.values) for row in read_rows(content, COLUMNS)]


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


def test_a_quoted_cell_over_two_lines_does_not_shift_the_line_numbers() -> None:
    assert [line for line, _ in read(b'name,phone\n"a\nb",1\nc,2\n')] == [2, 4]


def test_a_line_with_too_many_or_too_few_columns_is_at_fault_and_the_others_are_read() -> None:
    rows = list(read_rows(b"name,phone\na,1,x\nb\nc,3\n", COLUMNS))
    assert [row.fault and row.fault.code for row in rows] == ["column_count", "column_count", None]


@pytest.mark.parametrize(
    ("content", "field", "code"),
    [
        (b"", "file", "missing"),
        (b"name\na\n", "header phone", "missing"),
        (b"name,phone,shoe size\n", "header column 3", "unknown_value"),
        (b"name,phone,name\n", "header column 3", "unknown_value"),
        (b"\x1f\x8bbroken", "file", "unreadable_file"),
        (b"PK\x03\x04broken", "file", "unreadable_file"),
        (b"\xff\xfe\xff\xff\xff", "file", "unreadable_file"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(content: bytes, field: str, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        read(content)
    assert [(fault.field, fault.code) for fault in refused.value.faults] == [(field, code)]
