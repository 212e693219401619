"""A file that is made to hurt is refused with what to do instead, before it fills memory or a disk."""

import io
import zipfile
from collections.abc import Callable

import openpyxl
import pytest

from shared.contracts.faults import RefusedError
from shared.imports import reading
from shared.imports.columns import Columns
from shared.imports.lines import MAX_CELL
from tests.support.importing import import_file

COLUMNS = Columns({"name": "name", "phone": "phone"})
BLANKS = 20 * 1024 * 1024
_SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)
_ROW = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>name</t></is></c><c r="B1" t="inlineStr"><is><t>phone</t></is></c></row>'
)


def book(replaced: dict[str, bytes]) -> bytes:
    """Return a workbook of one sheet, some of whose parts are others."""
    plain, out = io.BytesIO(), io.BytesIO()
    workbook = openpyxl.Workbook()
    workbook.worksheets[0].append(["name", "phone"])
    workbook.save(plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.infolist():
            target.writestr(part.filename, replaced.get(part.filename) or source.read(part))
        for name in replaced.keys() - set(source.namelist()):
            target.writestr(name, replaced[name])
    return out.getvalue()


def sheet(rows: str, head: str = "") -> bytes:
    return book({"xl/worksheets/sheet1.xml": (head + _SHEET.format(rows)).encode()})


def zeros() -> bytes:
    """Much of nothing in little, honestly declared."""
    return book({"xl/media/blank": bytes(BLANKS)})


def lying_zeros() -> bytes:
    """The same, declared as ten bytes."""
    bomb = bytearray(zeros())
    size = (BLANKS).to_bytes(4, "little")
    at = bomb.find(size)
    while at >= 0:
        bomb[at : at + 4] = (10).to_bytes(4, "little")
        at = bomb.find(size, at)
    return bytes(bomb)


def crowded() -> bytes:
    return book({f"xl/{number}": b"x" for number in range(1001)})


def corners() -> bytes:
    """Two cells, between them 17 thousand million."""
    return sheet(_ROW + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')


def shared_text() -> bytes:
    """One text of 1 MB that 2,000 cells share: 2 GB of rows."""
    rows = "".join(f'<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>' for row in range(2, 2_002))
    strings = (
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>'
        f"{'x' * 1024 * 1024}</t></si></sst>"
    )
    return book(
        {"xl/worksheets/sheet1.xml": _SHEET.format(_ROW + rows).encode(), "xl/sharedStrings.xml": strings.encode()}
    )


def laughs() -> bytes:
    """A thousand million laughs, of entities within entities."""
    entities = '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    laugh = '<row r="2"><c r="A2" t="inlineStr"><is><t>&a9;</t></is></c></row>'
    return sheet(_ROW + laugh, f'<?xml version="1.0"?><!DOCTYPE worksheet [{entities}]>')


def encrypted() -> bytes:
    """What a spreadsheet program saves under a password: an OLE file with the parts sealed inside."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(1024)


def a_document() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<document/>")
    return out.getvalue()


@pytest.mark.parametrize(
    ("make", "codes"),
    [
        (zeros, {"too_large"}),
        (lying_zeros, {"too_large", "unreadable_file"}),
        (crowded, {"too_large"}),
        (corners, {"too_large"}),
        (shared_text, {"too_large"}),
        (encrypted, {"encrypted_file"}),
        (a_document, {"unreadable_file"}),
        (lambda: b"%PDF-1.7\n\x00\x01\x02\xff\xfe", {"unreadable_file"}),
        (lambda: b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff\xff\xff", {"unreadable_file"}),
    ],
    ids=["zip bomb", "lying zip bomb", "many entries", "far corners", "shared text", "password", "docx", "pdf", "png"],
)
def test_it_is_refused_with_the_reason(
    make: Callable[[], bytes], codes: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_UNPACKED_BYTES", BLANKS - 1)
    with pytest.raises(RefusedError) as refused:
        list(import_file(make(), COLUMNS).rows())
    (fault,) = refused.value.faults
    assert fault.field == "file"
    assert fault.code in codes


def test_entities_are_not_expanded() -> None:
    with pytest.raises(RefusedError) as refused:
        list(import_file(laughs(), COLUMNS).rows())
    assert refused.value.faults[0].code == "unreadable_file"


def test_a_line_with_a_cell_too_long_or_with_a_nul_is_at_fault_and_the_others_are_read() -> None:
    long = "x" * (MAX_CELL + 1)
    rows = list(import_file(f"name,phone\na,{long}\nb\0,2\nc,3\n".encode(), COLUMNS).rows())
    faults = [row.fault and (row.fault.field, row.fault.code) for row in rows]
    assert faults == [("phone", "too_long"), ("name", "control_character"), None]
