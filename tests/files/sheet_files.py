"""Spreadsheets: xlsx byte for byte, ods and xls, as programs and people make them."""

import io
import zipfile
from collections.abc import Callable, Sequence
from xml.sax.saxutils import escape

import openpyxl
import xlwt
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

from tests.files.case import (
    ANNA,
    BO,
    ENGLISH_HEADER,
    EVENING,
    HEADER,
    MORNING,
    OK,
    RECORD_HEADER,
    RECORDS,
    Case,
    changed,
)
from tests.files.workbook import (
    CHINESE_DAY,
    DAY,
    ELAPSED,
    LABELLED,
    LISTED_DAY,
    LOCALE_DAY,
    MOMENT,
    MONEY,
    MONTH,
    ONLY_DAY_OF_MOMENT,
    PERCENT,
    PLAIN_WHOLE,
    SCIENTIFIC,
    SHORT_MOMENT,
    STRICT,
    TEXT,
    TIME,
    WHOLE,
    ZEROS,
    Book,
    Cell,
    Sheet,
    error,
    formula,
    number,
    rich,
    spoken,
)

_SHEET = Sheet("Sheet1", (HEADER, ANNA, BO))
_DAY_2025, _DAY_2024 = 45717, 45626
"""1 March 2025 and 30 November 2024 as Excel counts days."""


def _with(person: Sequence[str], **cells: Cell) -> list[Cell]:
    """Return a person's cells with other ones, by field; an empty text is no cell."""
    fields = ENGLISH_HEADER if len(person) == len(ENGLISH_HEADER) else list(RECORDS.fields)
    return [cells.get(name, value or None) for name, value in zip(fields, person, strict=True)]


def _book(name: str, program: str, book: Book, *expected: str, people: tuple[list[str], ...] = (ANNA, BO)) -> Case:
    return Case(f"{name}.xlsx", program, book.content, expected or OK, people=people)


def _rows(name: str, program: str, anna: Sequence[Cell], *expected: str, people: tuple[list[str], ...] = (ANNA, BO),
          **options: str) -> Case:  # fmt: skip
    """Return a workbook in which the first person's cells are others."""
    return _book(name, program, Book([Sheet("Sheet1", (HEADER, anna, BO))], **options), *expected, people=people)  # type: ignore[arg-type]


def _records(
    name: str, program: str, morning: Sequence[Cell], *expected: str, people: tuple[list[str], ...] = ()
) -> Case:
    book = Book([Sheet("Sheet1", (RECORD_HEADER, morning, EVENING))])
    return Case(f"{name}.xlsx", program, book.content, expected or OK, RECORDS, people or (MORNING, EVENING))


PACKAGING = (
    _book("shared", "Excel: texts in sharedStrings.xml", Book([_SHEET])),
    _book("inline", "openpyxl write-only, SheetJS, Java EasyExcel: texts in the cells", Book([_SHEET], inline=True)),
    _book("no-addresses", "a streaming writer that leaves out r=", Book([_SHEET], addresses=False, inline=True)),
    _book("prefixes", ".NET Open XML SDK: every element is x:…", Book([_SHEET], prefix="x", inline=True)),
    _book("strict", "Excel: Strict Open XML", Book([_SHEET], namespace=STRICT)),
    _book("absolute-paths", "Google Sheets, openpyxl: /xl/worksheets/sheet1.xml", Book([_SHEET], absolute=True)),
    _book("backslashes", "an old .NET zip: xl\\worksheets\\sheet1.xml", Book([_SHEET], backslashes=True)),
    _book("capitals", "part names in other cases", Book([_SHEET], capitals=True)),
    _book("no-dimension", "xlsxwriter constant_memory: no dimension", Book([_SHEET])),
    _book("wrong-dimension", "a dimension of A1 over a full sheet", Book([_SHEET], dimension='<dimension ref="A1"/>')),
    _book(
        "huge-dimension", "a dimension to the last cell", Book([_SHEET], dimension='<dimension ref="A1:XFD1048576"/>')
    ),
    _book("no-styles", "a writer without styles.xml", Book([_SHEET], styles=False)),
    _book("stored", "a zip without compression", Book([_SHEET], stored=True)),
    _book("no-declaration", "XML without its first line", Book([_SHEET], declaration="")),
    _book("mark", "XML with a byte order mark", Book([_SHEET], declaration='\ufeff<?xml version="1.0"?>')),
    _book("macros", "xlsm: a workbook with macros", Book([_SHEET], extra={"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"})),
    _book("pictures", "a workbook with a picture", Book([_SHEET], extra={"xl/media/image1.png": b"\x89PNG" * 100})),
    _book(
        "entity",
        "XML with a document type",
        Book([_SHEET], declaration='<!DOCTYPE x [<!ENTITY a "b">]>'),
        "refused unreadable_file",
    ),
    _book(
        "no-such-encoding",
        "XML in an encoding that there is not",
        Book([_SHEET], declaration='<?xml version="1.0" encoding="UTF-5"?>'),
        "refused unreadable_file",
    ),
    _book(
        "cut-xml",
        "a sheet that breaks off",
        Book([_SHEET], change=lambda name, xml: xml[:-40] if "sheet1" in name else xml),
        "refused unreadable_file",
    ),
    _book(
        "row-twice",
        "two rows of one number",
        Book([Sheet("Sheet1", (HEADER, ANNA, BO), numbers=(1, 2, 2))]),
        "refused unreadable_file",
    ),
    Case(
        "cut.xlsx", "a download that broke off", lambda: Book([_SHEET]).content()[:-200], ("refused unreadable_file",)
    ),
    Case(
        "a-document.docx",
        "a Word document under another name",
        lambda: _zip({"word/document.xml": b"<w/>"}),
        ("refused unreadable_file",),
    ),
    Case("numbers.numbers", "Apple Numbers", lambda: _zip({"Index/Document.iwa": b"\0"}), ("refused unreadable_file",)),
    Case(
        "binary.xlsb", "Excel: binary workbook", lambda: _zip({"xl/workbook.bin": b"\0"}), ("refused unreadable_file",)
    ),
    Case("csv-in-zip.zip", "a CSV in a zip", lambda: _zip({"名册.csv": b"\xe5"}), ("refused unreadable_file",)),
    Case(
        "password.xlsx",
        "a workbook under a password",
        lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(1024),
        ("refused encrypted_file",),
    ),
)

SHEETS = (
    _book(
        "hidden-first",
        "last year's sheet, hidden before this year's",
        Book(
            [Sheet("2024", (HEADER, changed(ANNA, phone="17190090061")), "hidden"), Sheet("2025", (HEADER, ANNA, BO))]
        ),
    ),
    _book(
        "very-hidden", "a sheet that only a macro shows", Book([Sheet("lists", (["男"], ["女"]), "veryHidden"), _SHEET])
    ),
    _book("hidden-last", "lists for the choices of cells", Book([_SHEET, Sheet("lists", (["男"], ["女"]), "hidden")])),
    _book("all-hidden", "no sheet is shown", Book([Sheet("2024", (HEADER, ANNA, BO), "hidden")]), "refused empty_file"),
    _book(
        "two-teams",
        "a sheet for each team",
        Book([Sheet("一队", (HEADER, ANNA)), Sheet("二队", (HEADER, BO))]),
        "refused several_sheets",
    ),
    _book(
        "instructions",
        "how to fill it in, on a sheet of its own",
        Book([Sheet("填写说明", (["必填"],)), _SHEET]),
        "refused several_sheets",
    ),
    _book("empty-sheets", "Excel of old: Sheet2 and Sheet3", Book([_SHEET, Sheet("Sheet2", ()), Sheet("Sheet3", ())])),
    _book("blank-sheets", "a second sheet of blanks", Book([_SHEET, Sheet("Sheet2", ([" ", "　"],))])),
    _book(
        "error-sheet",
        "a second sheet with an error alone",
        Book([_SHEET, Sheet("Sheet2", ([error("#REF!")],))]),
        "refused several_sheets",
    ),
    _book("chart", "a chart on a sheet of its own", Book([_SHEET, Sheet("Chart", (), kind="chartsheet")])),
    _book("empty", "nothing at all", Book([Sheet("Sheet1", ())]), "refused empty_file"),
)

_COLUMN_4_HIDDEN = '<cols><col min="4" max="4" width="12" hidden="1"/></cols>'
LAYOUT = (
    _book(
        "title",
        "a title over merged cells",
        Book([Sheet("Sheet1", (["2025年名册"], HEADER, ANNA, BO), merged=["A1:M1"])]),
        "3 ok",
        "4 ok",
    ),
    _book(
        "title-and-date",
        "a title, a line with unit and date",
        Book([Sheet("S", (["名册"], ["单位：一队", None, None, "日期：3月1日"], HEADER, ANNA, BO), merged=["A1:M1"])]),
        "4 ok",
        "5 ok",
    ),
    _book(
        "two-headers",
        "groups of columns over the columns",
        Book([Sheet("S", (["基本信息", *HEADER[1:5], "归属", *HEADER[6:]], HEADER, ANNA, BO))]),
        "refused no_header_line",
    ),
    _book(
        "gaps",
        "blank rows, which the sheet leaves out",
        Book([Sheet("S", (HEADER, ANNA, BO), numbers=(1, 4, 9))]),
        "4 ok",
        "9 ok",
    ),
    _book(
        "starts-low",
        "a table that begins in row 3",
        Book([Sheet("S", (HEADER, ANNA, BO), numbers=(3, 4, 5))]),
        "4 ok",
        "5 ok",
    ),
    _book(
        "starts-right",
        "a table that begins in column B",
        Book([Sheet("S", [[None, *row] for row in (HEADER, ANNA, BO)])]),
    ),
    _book(
        "blank-far-right", "a blank typed far to the right", Book([Sheet("S", (HEADER, ANNA, [*BO, *[None] * 6, " "]))])
    ),
    _book(
        "note-right",
        "a note beside the table",
        Book([Sheet("S", (HEADER, [*ANNA, None, "已核对"], BO))]),
        "2 column 15 no_header",
        "3 ok",
    ),
    _book(
        "blank-rows",
        "rows with formats and nothing else",
        Book([Sheet("S", (HEADER, ANNA, [('s="1"', "")] * 13, BO))]),
        "2 ok",
        "4 ok",
    ),
    _book("rows-of-blanks", "rows of blanks", Book([Sheet("S", (HEADER, [" ", "\u3000"], ANNA, BO))]), "3 ok", "4 ok"),
    _book(
        "running-numbers",
        "a column 序号 by formula",
        Book([Sheet("S", (["序号", *HEADER], [formula("ROW()-1", "1"), *ANNA], [formula("ROW()-1", "2"), *BO]))]),
    ),
    _book(
        "running-numbers-broken",
        "a column 序号 that is in error",
        Book([Sheet("S", (["序号", *HEADER], [error("#REF!"), *ANNA], [2, *BO]))]),
    ),
    _book(
        "hidden-row",
        "a row that is hidden",
        Book([Sheet("S", (HEADER, ANNA, BO), hidden=[2])]),
        "2 line hidden_row",
        "3 ok",
    ),
    _book(
        "filtered",
        "rows that a filter leaves out",
        Book([Sheet("S", (HEADER, ANNA, BO, changed(ANNA, name="x")), hidden=[2, 4])]),
        "2 line hidden_row",
        "3 ok",
        "4 line hidden_row",
    ),
    _book(
        "flat-row",
        "rows of no height, the header's too",
        Book([Sheet("S", (HEADER, ANNA, BO), row_attributes=' ht="0" customHeight="1"')]),
        "refused no_header_line",
    ),
    _book(
        "hidden-blank-row",
        "a blank row that is hidden",
        Book([Sheet("S", (HEADER, ANNA, [None], BO), hidden=[3])]),
        "2 ok",
        "4 ok",
    ),
    _book(
        "hidden-column",
        "the ID numbers hidden from view",
        Book([Sheet("S", (HEADER, ANNA, BO), columns=_COLUMN_4_HIDDEN)]),
        "refused hidden_column",
    ),
    _book(
        "narrow-column",
        "a column of no width",
        Book([Sheet("S", (HEADER, ANNA, BO), columns='<cols><col min="2" max="2" width="0"/></cols>')]),
        "refused hidden_column",
    ),
    _book(
        "hidden-beyond",
        "all unused columns hidden",
        Book([Sheet("S", (HEADER, ANNA, BO), columns='<cols><col min="14" max="16384" hidden="1"/></cols>')]),
    ),
    _book(
        "merged-down",
        "one team merged over two people",
        Book([Sheet("S", (HEADER, ANNA, _with(BO, team=None)), merged=["I2:I3"])]),
        "2 ok",
        "3 team merged_cell",
    ),
    _book(
        "merged-across",
        "organisation and team merged",
        Book([Sheet("S", (HEADER, _with(ANNA, team=None), BO), merged=["H2:I2"])]),
        "2 team merged_cell",
        "3 ok",
    ),
    _book(
        "merged-rows",
        "every person two rows high",
        Book([Sheet("S", (HEADER, ANNA, [None], BO), merged=[f"{letter}2:{letter}3" for letter in "ABCDEFGHIJKLM"])]),
        "2 ok",
        "4 ok",
    ),
    _book("merged-below", "merged cells under the table", Book([Sheet("S", (HEADER, ANNA, BO), merged=["A6:M9"])])),
    _book(
        "merged-prefixed",
        "the same in elements with a prefix",
        Book([Sheet("S", (HEADER, ANNA, _with(BO, team=None)), merged=["I2:I3"])], prefix="x", inline=True),
        "2 ok",
        "3 team merged_cell",
    ),
    _book(
        "merged-wide",
        "the whole sheet in one merged cell",
        Book([Sheet("S", (HEADER, ANNA), merged=["A1:XFD1048576"])]),
        "refused" + " missing_column" * 12,
    ),
    _book(
        "header-twice",
        "a column that is there twice",
        Book([Sheet("S", [[*row, row[1]] for row in (HEADER, ANNA)])]),
        "refused repeated_column",
    ),
    _book(
        "far-corner",
        "something in the last cell",
        Book([Sheet("S", (HEADER, ANNA, [None] * 1200 + ["x"]))], addresses=False, inline=True),
        "refused too_large",
    ),
)

NUMBERS = (
    _rows(
        "id-as-number",
        "an ID number typed into a cell",
        _with(ANNA, id_number=519900199512088201),
        "2 id_number number_cell",
        "3 ok",
    ),
    _rows(
        "id-as-float",
        "the same as Excel writes it",
        _with(ANNA, id_number=number("5.19900199512088E+17", 0)),
        "2 id_number number_cell",
        "3 ok",
    ),
    _rows(
        "id-as-number-whole",
        "the same, formatted as 0",
        _with(ANNA, id_number=number("519900199512088000", PLAIN_WHOLE)),
        "2 id_number number_cell",
        "3 ok",
    ),
    _rows(
        "id-as-text-format",
        "the same, the text format put on afterwards",
        _with(ANNA, id_number=number("519900199512088000", TEXT)),
        "2 id_number number_cell",
        "3 ok",
    ),
    _rows(
        "id-by-formula",
        "an ID number that a formula makes a number",
        _with(ANNA, id_number=formula("VALUE(A1)", "519900199512088201")),
        "2 id_number number_cell",
        "3 ok",
    ),
    _rows("phone-as-number", "a phone number typed into a cell", _with(BO, phone=13800000000), people=(BO,)),
    _rows("phone-as-float", "the same, written 1.38E10", _with(BO, phone=number("1.38E10", 0)), people=(BO,)),
    _rows(
        "phone-decimal", "the same, written 13800000000.0", _with(BO, phone=number("13800000000.0", 0)), people=(BO,)
    ),
    _rows("phone-wps", "WPS: numeric without decimals, 0_ ", _with(BO, phone=number(13800000000, WHOLE)), people=(BO,)),
    _rows("phone-scientific", "shown as 1.38E+10", _with(BO, phone=number(13800000000, SCIENTIFIC)), people=(BO,)),
    _rows(
        "phone-labelled",
        "shown with a label that is not in the cell",
        _with(BO, phone=number(13800000000, LABELLED)),
        "2 phone cell_type",
        "3 ok",
    ),
    _rows("phone-percent", "a percentage", _with(BO, phone=number("0.5", PERCENT)), "2 phone cell_type", "3 ok"),
    _rows(
        "number-zeros",
        "a volunteer number shown with zeros before it",
        _with(ANNA, number=number(11570000001, ZEROS)),
        people=(changed(ANNA, number="11570000001"), BO),
    ),
    _rows(
        "number-zeros-shown",
        "the same, where the zeros matter",
        _with(ANNA, number=number(570000001, ZEROS)),
        people=(changed(ANNA, number="00570000001"), BO),
    ),
    _rows("number-as-number", "a volunteer number of 14 digits, as a number", _with(ANNA, number=51011570000001)),
    _rows("negative", "a negative number", _with(ANNA, phone=-5), people=(changed(ANNA, phone="-5"), BO)),
    _rows(
        "fraction",
        "0.1+0.2",
        _with(ANNA, phone=number("0.30000000000000004", 0)),
        people=(changed(ANNA, phone="0.3"), BO),
    ),
    _rows(
        "code-as-day",
        "a team code that Excel made a day of",
        _with(ANNA, team=number(45717, MONTH)),
        "2 team cell_type",
        "3 ok",
    ),
    _rows("name-as-boolean", "TRUE as a name", _with(ANNA, name=('t="b"', "<v>1</v>")), "2 name cell_type", "3 ok"),
    _rows(
        "boolean-formula",
        "a comparison that was left in",
        _with(ANNA, team=('t="b"', "<f>A1=B1</f><v>0</v>")),
        "2 team cell_type",
        "3 ok",
    ),
    _records("minutes-as-number", "minutes as a number", _with(MORNING, minutes=120, recipient_rating=5)),
    _records("minutes-labelled", "minutes shown with a label", _with(MORNING, minutes=number(120, LABELLED))),
    _records("minutes-money", "minutes shown as money", _with(MORNING, minutes=number(120, MONEY))),
    _records(
        "minutes-fraction",
        "minutes shown whole, kept with a fraction",
        _with(MORNING, minutes=number("119.6", PLAIN_WHOLE)),
        people=(changed(MORNING, minutes="119.6"), EVENING),
    ),
    _records(
        "minutes-percent",
        "minutes as a percentage",
        _with(MORNING, minutes=number("1.2", PERCENT)),
        "2 minutes cell_type",
        "3 ok",
    ),
    _records(
        "minutes-elapsed",
        "minutes as a duration, [h]:mm",
        _with(MORNING, minutes=number("0.0833333333", ELAPSED)),
        "2 minutes cell_type",
        "3 ok",
    ),
    _records(
        "minutes-day",
        "minutes that Excel made a day of",
        _with(MORNING, minutes=number(120, DAY)),
        "2 minutes cell_type",
        "3 ok",
    ),
    _records(
        "minutes-boolean",
        "minutes as TRUE",
        _with(MORNING, minutes=('t="b"', "<v>1</v>")),
        "2 minutes cell_type",
        "3 ok",
    ),
)

DAYS = (
    *(
        _rows(f"day-{name}", f"a day in a format of {program}", _with(ANNA, registered_on=number(_DAY_2025, style)))
        for name, program, style in (
            ("built-in", "Excel's own", DAY),
            ("chinese", "Chinese Excel: 2025年3月1日", CHINESE_DAY),
            ("listed", "Chinese Excel's number 57", LISTED_DAY),
            ("locale", "a locale: [$-804]", LOCALE_DAY),
            ("iso", "ISO 8601", ONLY_DAY_OF_MOMENT),
            ("month", "which only month and year are shown", MONTH),
            ("moment", "day and time, at midnight", MOMENT),
        )
    ),
    _rows(
        "day-1904",
        "Excel for Mac of old: days from 1904",
        _with(ANNA, registered_on=number(_DAY_2025 - 1462, DAY)),
        properties='<workbookPr date1904="1"/>',
    ),
    _rows("day-with-time", "a time hidden behind a day's format", _with(ANNA, registered_on=number("45717.35", DAY))),
    _rows(
        "day-and-time",
        "a time shown beside the day",
        _with(ANNA, registered_on=number("45717.35", MOMENT)),
        "2 registered_on date",
        "3 ok",
    ),
    _rows(
        "day-only-time",
        "a time of no day",
        _with(ANNA, registered_on=number("0.35", TIME)),
        "2 registered_on date",
        "3 ok",
    ),
    _rows(
        "day-that-never-was",
        "29 February 1900",
        _with(ANNA, registered_on=number(60, DAY)),
        "2 registered_on date",
        "3 ok",
    ),
    _rows(
        "day-negative",
        "a day before all days",
        _with(ANNA, registered_on=number(-3, DAY)),
        "2 registered_on date",
        "3 ok",
    ),
    _rows(
        "day-beyond",
        "a day after all days",
        _with(ANNA, registered_on=number(99999999, DAY)),
        "2 registered_on date",
        "3 ok",
    ),
    _rows(
        "day-as-number",
        "a day without a day's format: its number is what is seen",
        _with(ANNA, registered_on=_DAY_2025),
        people=(changed(ANNA, registered_on="45717"), BO),
    ),
    _rows(
        "day-compact",
        "20250301 as a number",
        _with(ANNA, registered_on=20250301),
        people=(changed(ANNA, registered_on="20250301"), BO),
    ),
    _rows("day-iso-cell", 'Strict Open XML: t="d"', _with(ANNA, registered_on=('t="d"', "<v>2025-03-01</v>"))),
    _rows(
        "day-as-text",
        "a day as text",
        _with(ANNA, registered_on="2025年3月1日"),
        people=(changed(ANNA, registered_on="2025年3月1日"), BO),
    ),
    _rows(
        "day-by-formula", "a day by formula", _with(ANNA, registered_on=(f's="{DAY}"', "<f>TODAY()-1</f><v>45717</v>"))
    ),
    _records(
        "moment",
        "times as Excel keeps them",
        _with(MORNING, started_at=number("44621.375", MOMENT), ended_at=number("44621.458333333336", MOMENT)),
    ),
    _records(
        "moment-seconds",
        "times with seconds in their format",
        _with(MORNING, started_at=number("44621.375", SHORT_MOMENT), ended_at=number("44621.4583333333", SHORT_MOMENT)),
    ),
    _records(
        "moment-only-time-shown",
        "only the time is shown, the day is there",
        _with(MORNING, started_at=number("44621.375", TIME)),
    ),
    _records(
        "moment-day-shown",
        "only the day is shown, the time is there",
        _with(MORNING, started_at=number("44621.375", DAY)),
    ),
    _records(
        "moment-day-only",
        "a day without a time",
        _with(MORNING, started_at=number(44621, DAY)),
        "2 started_at time",
        "3 ok",
    ),
    _records(
        "moment-no-day",
        "a time of no day",
        _with(MORNING, started_at=number("0.375", TIME)),
        "2 started_at time",
        "3 ok",
    ),
    _records(
        "moment-as-number",
        "a moment without a format",
        _with(MORNING, started_at=number("44621.375", 0)),
        people=(changed(MORNING, started_at="44621.375"), EVENING),
    ),
    _records(
        "title-as-day",
        "a title that Excel made a day of",
        _with(MORNING, activity=number(45717, DAY)),
        "2 activity cell_type",
        "3 ok",
    ),
)

_LOOKED_UP = "VLOOKUP(A2,[teams.xlsx]S!A:B,2,0)"
FORMULAS = (
    *(
        _rows(f"error-{place}", f"a cell in error: {what}", _with(ANNA, team=error(what)), "2 team broken_cell", "3 ok")
        for place, what in enumerate(
            ("#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#GETTING_DATA")
        )
    ),
    _rows(
        "lookup-failed",
        "VLOOKUP that found nothing",
        _with(ANNA, team=formula(_LOOKED_UP, "#N/A", "e")),
        "2 team broken_cell",
        "3 ok",
    ),
    _rows("error-as-text", "an error pasted as a text", _with(ANNA, team="#N/A"), "2 team broken_cell", "3 ok"),
    _rows(
        "error-in-email",
        "an error in an optional column",
        _with(ANNA, email=error("#REF!")),
        "2 email broken_cell",
        "3 ok",
    ),
    _rows("lookup", "VLOOKUP with its text", _with(ANNA, team=formula(_LOOKED_UP, "510115-TEAM-001", "str"))),
    _rows(
        "lookup-empty", 'a formula that gives ""', _with(BO, team=formula('IF(A2="","",A2)', "", "str")), people=(BO,)
    ),
    _rows(
        "not-computed",
        "openpyxl: a formula that nobody computed",
        _with(ANNA, team=formula(_LOOKED_UP)),
        "2 team broken_cell",
        "3 ok",
    ),
    _rows(
        "not-computed-empty",
        "the same with an empty <v/>",
        _with(ANNA, team=("", f"<f>{_LOOKED_UP}</f><v/>")),
        "2 team broken_cell",
        "3 ok",
    ),
    _rows(
        "placeholder",
        "xlsxwriter: every formula has 0 until Excel computes it",
        _with(ANNA, team=formula(_LOOKED_UP, "0")),
        "2 team broken_cell",
        "3 ok",
        calculation='<calcPr calcId="124519" fullCalcOnLoad="1"/>',
    ),
    _rows(
        "placeholder-none",
        "the same file without formulas",
        ANNA,
        calculation='<calcPr calcId="124519" fullCalcOnLoad="1"/>',
    ),
    _rows(
        "shared-formula",
        "a formula shared down a column",
        _with(ANNA, name=('t="str"', f'<f t="shared" si="0"/><v>{ANNA[1]}</v>')),
    ),
    _rows(
        "array-formula",
        "an array formula",
        _with(ANNA, name=('t="str"', f'<f t="array" ref="B2">x</f><v>{ANNA[1]}</v>')),
    ),
    _rows("formula-number", "a phone number by formula", _with(BO, phone=formula("A1*1", "13800000000")), people=(BO,)),
    _rows(
        "spilled",
        "a dynamic array that found no room",
        _with(ANNA, team=('t="e" vm="1"', "<v>#VALUE!</v>")),
        "2 team broken_cell",
        "3 ok",
    ),
    _records(
        "minutes-in-error",
        "minutes in error",
        _with(MORNING, minutes=error("#VALUE!")),
        "2 minutes broken_cell",
        "3 ok",
    ),
    _records(
        "rating-in-error",
        "an optional rating in error",
        _with(MORNING, recipient_rating=error("#N/A")),
        "2 recipient_rating broken_cell",
        "3 ok",
    ),
    _records(
        "end-not-computed",
        "an end that nobody computed",
        _with(MORNING, ended_at=formula("F2+1/12")),
        "2 ended_at broken_cell",
        "3 ok",
    ),
)

TEXTS = (
    _rows("rich", "a name in two fonts", _with(ANNA, name=rich("阮", "语桐"))),
    _rows("spoken", "a name with its pronunciation", _with(ANNA, name=spoken("阮语桐", "ruǎn yǔ tóng"))),
    _rows("escaped", "a carriage return as Excel escapes it, at the end", _with(ANNA, name="阮语桐_x000D_")),
    _rows(
        "escaped-inside", "Alt+Enter inside a cell", _with(ANNA, name="阮_x000D_\n语桐"), "2 name line_break", "3 ok"
    ),
    _rows(
        "escaped-escape",
        "a text that only looks escaped",
        _with(ANNA, name="阮_x005F_x000D_"),
        people=(changed(ANNA, name="阮_x000D_"), BO),
    ),
    _rows("half-surrogate", "half a character", _with(ANNA, name="阮_xD83D_"), "2 name lost_character", "3 ok"),
    _rows("line-break-at-end", "Alt+Enter at the end of a cell", _with(ANNA, name="阮语桐\n")),
    _rows("apostrophe", "an apostrophe that is in the cell, as exports write it", _with(ANNA, id_number=f"'{ANNA[3]}")),
    _rows("quote-prefix", "an apostrophe that Excel only notes", ANNA),
    _rows("number-stored-as-text", "a green corner: a number stored as text", _with(ANNA, phone="17190090060")),
    _rows(
        "scientific-text",
        "5.199E+17 as a text",
        _with(ANNA, id_number="5.1990019951209E+17"),
        "2 id_number number_cell",
        "3 ok",
    ),
    _rows("long-text", "30,000 letters", _with(ANNA, skills="法" * 30_000), "2 skills too_long", "3 ok"),
    _rows("empty-text", "a text of nothing", _with(BO, email=('t="inlineStr"', "<is><t></t></is>")), people=(BO,)),
    _rows("null-text", "pandas: nan in an empty cell", _with(ANNA, team="nan"), "2 team broken_cell", "3 ok"),
    _rows(
        "missing-shared-text",
        "a text that is not in sharedStrings.xml",
        _with(ANNA, name=('t="s"', "<v>999</v>")),
        "refused unreadable_file",
    ),
    _rows(
        "cell-of-no-kind",
        "a cell of a kind that there is not",
        _with(ANNA, name=('t="q"', "<v>1</v>")),
        "refused unreadable_file",
    ),
    _book(
        "header-broken-lines",
        "a header with line breaks",
        Book([Sheet("S", ([f"{name[0]}\n{name[1:]}" for name in HEADER], ANNA, BO))]),
    ),
    _book("english", "an English header", Book([Sheet("S", (ENGLISH_HEADER, ANNA, BO))])),
)


def _zip(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


def _openpyxl(fill: Callable[[openpyxl.Workbook], None]) -> bytes:
    book = openpyxl.Workbook()
    for row in (HEADER, ANNA, BO):
        book.worksheets[0].append([cell or None for cell in row])
    fill(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _rich(book: openpyxl.Workbook) -> None:
    book.worksheets[0]["B2"] = CellRichText("阮", TextBlock(InlineFont(b=True), "语桐"))


def _formula(book: openpyxl.Workbook) -> None:
    book.worksheets[0]["I2"] = "=VLOOKUP(A2,S!A:B,2,0)"


def _hide(book: openpyxl.Workbook) -> None:
    book.worksheets[0].row_dimensions[3].hidden = True
    book.worksheets[0].column_dimensions["P"].hidden = True


def _merge(book: openpyxl.Workbook) -> None:
    book.worksheets[0].merge_cells("I2:I3")


def _first_hidden(book: openpyxl.Workbook) -> None:
    book.create_sheet("2024", 0).append(["x"])
    book.worksheets[0].sheet_state = "hidden"
    book.active = 1


PROGRAMS = (
    Case("openpyxl.xlsx", "openpyxl", lambda: _openpyxl(lambda _: None)),
    Case("openpyxl-rich.xlsx", "openpyxl: a name in two fonts", lambda: _openpyxl(_rich)),
    Case("openpyxl-formula.xlsx", "openpyxl: a formula", lambda: _openpyxl(_formula), ("2 team broken_cell", "3 ok")),
    Case(
        "openpyxl-hidden.xlsx",
        "openpyxl: a hidden row and a hidden, empty column",
        lambda: _openpyxl(_hide),
        ("2 ok", "3 line hidden_row"),
    ),
    Case("openpyxl-merged.xlsx", "openpyxl: merged cells", lambda: _openpyxl(_merge), ("2 ok", "3 team merged_cell")),
    Case("openpyxl-first-hidden.xlsx", "openpyxl: the first sheet hidden", lambda: _openpyxl(_first_hidden)),
)


def _xls(
    fill: Callable[[xlwt.Workbook, xlwt.Worksheet], None], person: Sequence[str] = ANNA, name: str = "Sheet1"
) -> bytes:
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet(name, cell_overwrite_ok=True)
    for row, cells in enumerate((HEADER, person, BO)):
        for column, cell in enumerate(cells):
            if cell:
                sheet.write(row, column, cell)
    fill(book, sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _more(book: xlwt.Workbook, _: xlwt.Worksheet) -> None:
    book.add_sheet("二队").write(0, 0, "x")


def _hidden_sheet(book: xlwt.Workbook, _: xlwt.Worksheet) -> None:
    hidden = book.add_sheet("2024")
    hidden.write(0, 0, "x")
    hidden.visibility = 1


def _in_error(_: xlwt.Workbook, sheet: xlwt.Worksheet) -> None:
    sheet.row(1).set_cell_error(8, 0x2A)  # BIFF for #N/A


def _hidden_row(_: xlwt.Workbook, sheet: xlwt.Worksheet) -> None:
    sheet.row(2).hidden = True


def _hidden_column(_: xlwt.Workbook, sheet: xlwt.Worksheet) -> None:
    sheet.col(3).hidden = True


def _third(column: int, value: object, style: str = "General", **others: str) -> bytes:
    """Return an xls with a third line: the first person once more, but for one cell."""

    def fill(_: xlwt.Workbook, sheet: xlwt.Worksheet) -> None:
        for place, cell in enumerate(changed(ANNA, **others)):
            if place == column:
                sheet.write(3, place, value, xlwt.easyxf(num_format_str=style))
            elif cell:
                sheet.write(3, place, cell)

    return _xls(fill)


OLD_EXCEL = (
    Case("old.xls", "Excel 97 to 2003, WPS", lambda: _xls(lambda *_: None)),
    Case(
        "old-id.xls",
        "an ID number as a number",
        lambda: _third(3, 519900199512088201),
        (*OK, "4 id_number number_cell"),
    ),
    Case("old-phone.xls", "a phone number as a number", lambda: _third(4, 17190090060), (*OK, "4 ok")),
    Case("old-day.xls", "a day", lambda: _third(12, _DAY_2025, "yyyy-mm-dd"), (*OK, "4 ok")),
    Case("old-day-chinese.xls", "a day in Chinese", lambda: _third(12, _DAY_2025, 'yyyy"年"m"月"d"日"'), (*OK, "4 ok")),
    Case(
        "old-day-as-name.xls",
        "a day in a text column",
        lambda: _third(8, _DAY_2025, "d-mmm"),
        (*OK, "4 team cell_type"),
    ),
    Case("old-boolean.xls", "TRUE", lambda: _third(8, True), (*OK, "4 team cell_type")),
    Case("old-error.xls", "a cell in error", lambda: _xls(_in_error), ("2 team broken_cell", "3 ok")),
    Case("old-percent.xls", "a percentage", lambda: _third(8, 0.5, "0%"), (*OK, "4 team cell_type")),
    Case("old-two-sheets.xls", "two filled sheets", lambda: _xls(_more), ("refused several_sheets",)),
    Case("old-hidden-sheet.xls", "a hidden sheet", lambda: _xls(_hidden_sheet)),
    Case("old-hidden-row.xls", "a hidden row", lambda: _xls(_hidden_row), ("2 ok", "3 line hidden_row")),
    Case("old-hidden-column.xls", "a hidden column", lambda: _xls(_hidden_column), ("refused hidden_column",)),
    Case("old-broken.xls", "a damaged file", lambda: _xls(lambda *_: None)[:1500], ("refused unreadable_file",)),
)

_ODS = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:'
    'xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:style="urn:oasis:names:tc:'
    'opendocument:xmlns:style:1.0" xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
)


def _ods(*tables: str, styles: str = "") -> bytes:
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_ODS}><office:automatic-styles>{styles}'
        f"</office:automatic-styles><office:body><office:spreadsheet>{''.join(tables)}</office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    return _zip({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": content.encode()})


def _table(*rows: Sequence[str | tuple[str, str]], name: str = "Sheet1", attributes: str = "", ahead: str = "") -> str:
    return (
        f'<table:table table:name="{name}" {attributes}>{ahead}{"".join(map(_ods_row, rows))}'
        '<table:table-row table:number-rows-repeated="1048000">'
        '<table:table-cell table:number-columns-repeated="16384"/>'
        "</table:table-row></table:table>"
    )


def _ods_row(cells: Sequence[str | tuple[str, str]], attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(map(_ods_cell, cells))}</table:table-row>"


def _ods_cell(cell: str | tuple[str, str]) -> str:
    if isinstance(cell, tuple):
        return f"<table:table-cell {cell[0]}>{cell[1]}</table:table-cell>"
    if not cell:
        return "<table:table-cell/>"
    return f'<table:table-cell office:value-type="string"><text:p>{escape(cell)}</text:p></table:table-cell>'


def _ods_case(
    name: str, program: str, content: bytes, *expected: str, people: tuple[list[str], ...] = (ANNA, BO)
) -> Case:
    return Case(f"{name}.ods", program, lambda: content, expected or OK, people=people)


def _ods_with(**cells: str | tuple[str, str]) -> bytes:
    anna = [cells.get(field, value) for field, value in zip(ENGLISH_HEADER, ANNA, strict=True)]
    return _ods(_table(HEADER, anna, BO))


def _float(value: str, shown: str, kind: str = "float") -> tuple[str, str]:
    return f'office:value-type="{kind}" office:value="{value}"', f"<text:p>{shown}</text:p>"


LIBRE_OFFICE = (
    _ods_case("plain", "LibreOffice Calc", _ods(_table(HEADER, ANNA, BO))),
    _ods_case(
        "id-as-number",
        "an ID number as a number",
        _ods_with(id_number=_float("519900199512088000", "5.19900199512088E+017")),
        "2 id_number number_cell",
        "3 ok",
    ),
    _ods_case("phone-as-number", "a phone number as a number", _ods_with(phone=_float("17190090060", "17190090060"))),
    _ods_case(
        "phone-grouped", "the same, shown with separators", _ods_with(phone=_float("17190090060", "17,190,090,060"))
    ),
    _ods_case(
        "phone-labelled",
        "the same, shown with a label",
        _ods_with(phone=_float("17190090060", "No. 17190090060")),
        "2 phone cell_type",
        "3 ok",
    ),
    _ods_case(
        "percentage", "a percentage", _ods_with(phone=_float("0.5", "50%", "percentage")), "2 phone cell_type", "3 ok"
    ),
    _ods_case(
        "day",
        "a day",
        _ods_with(
            registered_on=('office:value-type="date" office:date-value="2025-03-01"', "<text:p>2025年3月1日</text:p>")
        ),
    ),
    _ods_case(
        "day-as-team",
        "a day in a text column",
        _ods_with(team=('office:value-type="date" office:date-value="2025-03-01"', "<text:p>03/01</text:p>")),
        "2 team cell_type",
        "3 ok",
    ),
    _ods_case(
        "boolean",
        "TRUE",
        _ods_with(team=('office:value-type="boolean" office:boolean-value="true"', "<text:p>TRUE</text:p>")),
        "2 team cell_type",
        "3 ok",
    ),
    _ods_case(
        "error",
        "a formula in error",
        _ods_with(
            team=(
                'table:formula="of:=NA()" office:value-type="string" office:string-value="" calcext:value-type="error"',
                "<text:p>#N/A</text:p>",
            )
        ),
        "2 team broken_cell",
        "3 ok",
    ),
    _ods_case(
        "error-number",
        "Err:502",
        _ods_with(
            team=(
                'table:formula="of:=A1" office:value-type="float" office:value="0" calcext:value-type="error"',
                "<text:p>Err:502</text:p>",
            )
        ),
        "2 team broken_cell",
        "3 ok",
    ),
    _ods_case(
        "formula",
        "a formula with its text",
        _ods_with(team=('table:formula="of:=A1" office:value-type="string"', "<text:p>510115-TEAM-001</text:p>")),
    ),
    _ods_case(
        "not-computed",
        "a formula that nobody computed",
        _ods_with(team=('table:formula="of:=A1"', "")),
        "2 team broken_cell",
        "3 ok",
    ),
    _ods_case(
        "two-paragraphs",
        "a line break inside a cell",
        _ods_with(name=('office:value-type="string"', "<text:p>阮</text:p><text:p>语桐</text:p>")),
        "2 name line_break",
        "3 ok",
    ),
    _ods_case(
        "spans",
        "a name in two fonts",
        _ods_with(name=('office:value-type="string"', "<text:p>阮<text:span>语桐</text:span></text:p>")),
    ),
    _ods_case(
        "note",
        "a note on a cell",
        _ods_with(
            name=(
                'office:value-type="string"',
                "<office:annotation><text:p>请核对</text:p></office:annotation><text:p>阮语桐</text:p>",
            )
        ),
    ),
    _ods_case(
        "blanks",
        "several blanks in a row",
        _ods_with(email=('office:value-type="string"', '<text:p>a<text:s text:c="2"/>b</text:p>')),
        people=(changed(ANNA, email="a  b"), BO),
    ),
    _ods_case(
        "two-sheets",
        "two filled sheets",
        _ods(_table(HEADER, ANNA), _table(HEADER, BO, name="二队")),
        "refused several_sheets",
    ),
    _ods_case(
        "hidden-sheet",
        "a hidden sheet",
        _ods(
            _table(["x"], name="2024", attributes='table:style-name="ta2"'),
            _table(HEADER, ANNA, BO),
            styles='<style:style style:name="ta2" style:family="table"><style:table-properties '
            'table:display="false"/></style:style>',
        ),
    ),
    _ods_case(
        "repeated",
        "two equal rows, told once",
        _ods(
            f'<table:table table:name="S">{_ods_row(HEADER)}'
            f"{_ods_row(ANNA, 'table:number-rows-repeated=' + chr(34) + '2' + chr(34))}</table:table>"
        ),
    ),
    _ods_case(
        "hidden-rows",
        "rows that a filter leaves out",
        _ods(
            f'<table:table table:name="S">{_ods_row(HEADER)}'
            + _ods_row(ANNA, 'table:visibility="filter"')
            + _ods_row(BO)
            + "</table:table>"
        ),
        "2 line hidden_row",
        "3 ok",
    ),
    _ods_case(
        "hidden-column",
        "a hidden column",
        _ods(
            _table(
                HEADER,
                ANNA,
                BO,
                ahead='<table:table-column table:number-columns-repeated="3"/>'
                '<table:table-column table:visibility="collapse"/>',
            )
        ),
        "refused hidden_column",
    ),
    _ods_case(
        "bomb",
        "a row that is repeated a million times",
        _ods(
            f'<table:table table:name="S">{_ods_row(HEADER)}'
            + _ods_row(ANNA, 'table:number-rows-repeated="999999999"')
            + "</table:table>"
        ),
        "refused too_large",
    ),
    _ods_case(
        "cut",
        "XML that breaks off",
        _zip({"mimetype": b"x", "content.xml": b"<office:document-content"}),
        "refused unreadable_file",
    ),
)

SHEET_FILES = (*PACKAGING, *SHEETS, *LAYOUT, *NUMBERS, *DAYS, *FORMULAS, *TEXTS, *PROGRAMS, *OLD_EXCEL, *LIBRE_OFFICE)
