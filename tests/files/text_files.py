"""Text files: CSV and its relatives, byte for byte as programs write them."""

import csv
import gzip
import io
from collections.abc import Sequence
from typing import Literal

from tests.files.case import (
    ANNA,
    BO,
    ENGLISH_HEADER,
    EVENING,
    HEADER,
    MORNING,
    RECORD_HEADER,
    RECORDS,
    Case,
    changed,
)

_ROWS = (HEADER, ANNA, BO)
_RECORDS = (RECORD_HEADER, MORNING, EVENING)


def joined(rows: Sequence[Sequence[str]], sign: str = ",", end: str = "\r\n") -> str:
    """Return rows without any quoting."""
    return "".join(sign.join(row) + end for row in rows)


def written(
    rows: Sequence[Sequence[str]],
    *,
    delimiter: str = ",",
    end: str = "\r\n",
    quoting: Literal[0, 1, 2, 3] = csv.QUOTE_MINIMAL,
) -> str:
    """Return rows as a CSV writer writes them."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)
    return out.getvalue()


def _padded(rows: Sequence[Sequence[str]], columns: int) -> list[list[str]]:
    return [[*row, *[""] * columns] for row in rows]


def _with_first(rows: Sequence[Sequence[str]], header: str, values: Sequence[str]) -> list[list[str]]:
    return [[first, *row] for first, row in zip([header, *values], rows, strict=True)]


def _with_last(rows: Sequence[Sequence[str]], header: str, values: Sequence[str]) -> list[list[str]]:
    return [[*row, last] for last, row in zip([header, *values], rows, strict=True)]


def _case(
    name: str, program: str, content: str | bytes, *expected: str, people: tuple[list[str], ...] = (ANNA, BO)
) -> Case:
    data = content.encode() if isinstance(content, str) else content
    return Case(name, program, lambda: data, expected or ("2 ok", "3 ok"), people=people)


def _records(name: str, program: str, content: str | bytes, *expected: str) -> Case:
    data = content.encode() if isinstance(content, str) else content
    return Case(name, program, lambda: data, expected or ("2 ok", "3 ok"), RECORDS, (MORNING, EVENING))


_BOM = "\ufeff"
_PLAIN = joined(_ROWS)
_LF = joined(_ROWS, end="\n")
_FOR = {"anna": ",".join(ANNA), "bo": ",".join(BO), "header": ",".join(HEADER)}

ENCODINGS = (
    _case("utf8.csv", "Python: open(…, newline='') and csv.writer", _PLAIN),
    _case("utf8-lf.csv", "Linux tools, pandas.to_csv(index=False)", _LF),
    _case("utf8-no-last-end.csv", "an editor that ends the last line nowhere", _LF.rstrip("\n")),
    _case("utf8-bom.csv", "Excel: CSV UTF-8", _BOM + _PLAIN),
    _case("utf8-bom-twice.csv", "Java, which adds its own mark to Excel's", _BOM + _BOM + _PLAIN),
    _case("old-mac.csv", "Excel for Mac: CSV (Macintosh), lines end in CR", joined(_ROWS, end="\r").encode("gb18030")),
    _case("gbk.csv", "Excel for China: CSV", _PLAIN.encode("gbk")),
    _case("gb18030.csv", "WPS: CSV", _PLAIN.encode("gb18030")),
    _case("gb18030-bom.csv", "Notepad++ with a mark of GB18030", (_BOM + _PLAIN).encode("gb18030")),
    _case(
        "gb18030-rare.csv",
        "a rare character in four bytes of GB18030",
        joined((HEADER, changed(ANNA, name="阮𫖮"), BO)).encode("gb18030"),
        people=(changed(ANNA, name="阮𫖮"), BO),
    ),
    _case("utf16-le.txt", "Excel: Unicode text", (_BOM + joined(_ROWS, "\t")).encode("utf-16-le")),
    _case("utf16-be.txt", "a Mac's editor: UTF-16, big-endian", (_BOM + joined(_ROWS, "\t")).encode("utf-16-be")),
    _case("utf16-commas.csv", "PowerShell 5: Export-Csv -Encoding Unicode", (_BOM + _PLAIN).encode("utf-16-le")),
    _case("utf16-no-mark.txt", "a program that forgets the mark", _PLAIN.encode("utf-16-le"), "refused encoding"),
    _case("utf16-be-no-mark.txt", "the same, big-endian", _PLAIN.encode("utf-16-be"), "refused encoding"),
    _case(
        "utf16-cut.txt",
        "UTF-16 that ends in half a character",
        (_BOM + _PLAIN).encode("utf-16-le")[:-1],
        "refused encoding",
    ),
    _case("utf32.txt", "Python: encoding='utf-32'", _PLAIN.encode("utf-32"), "refused encoding"),
    _case(
        "big5.csv",
        "Excel for Hong Kong: CSV",
        joined((ENGLISH_HEADER, changed(ANNA, name="鄧麗君"), changed(BO, name="黃飛鴻", category="黨員"))).encode(
            "big5"
        ),
        "refused encoding",
    ),
    _case(
        "shift-jis.csv",
        "Excel for Japan: CSV",
        joined(
            (ENGLISH_HEADER, changed(ANNA, name="さくら", gender="女"), changed(BO, name="たかし", category="ひと"))
        ).encode("shift_jis"),
        "refused encoding",
    ),
    _case(
        "latin-1.csv",
        "Excel for Germany: CSV",
        joined((ENGLISH_HEADER, changed(ANNA, name="Jürgen Groß", gender="M", category="resident"))).encode("cp1252"),
        "refused encoding",
    ),
    _case("utf8-cut.csv", "UTF-8 whose last character was cut", (_LF + "510115,阮").encode()[:-1], "refused encoding"),
    _case(
        "gbk-and-utf8.csv",
        "`cat` of a GBK file and a UTF-8 one",
        joined((HEADER, ANNA)).encode("gbk") + joined((changed(BO, name="龙扎西罗布"),)).encode(),
        "refused encoding",
    ),
    _case(
        "gbk-and-utf8-that-fits.csv",
        "the same, where the UTF-8 happens to be GBK as well",
        joined((HEADER, ANNA)).encode("gbk")
        + joined((changed(BO, name="罗布扎西", gender="M", category="resident"),)).encode(),
        "2 ok",
        "3 line lost_character",
    ),
    _case(
        "utf8-and-gbk.csv",
        "`cat` of a UTF-8 file and a GBK one",
        joined((HEADER, ANNA)).encode() + joined((BO,)).encode("gb18030"),
        "refused encoding",
    ),
    _case(
        "lost.csv",
        "iconv with replacement: the name is U+FFFD",
        joined((HEADER, changed(ANNA, name="阮\ufffd桐"), BO)),
        "2 name lost_character",
        "3 ok",
        people=(BO,),
    ),
    _case("english-gbk.csv", "an English header over Chinese in GBK", joined((ENGLISH_HEADER, ANNA, BO)).encode("gbk")),
    _case(
        "middle-dot-only.csv",
        "all ASCII but one middle dot, in UTF-8: two bytes that GBK reads as a letter",
        joined((ENGLISH_HEADER, changed(ANNA, name="A·B", gender="F", category="resident"))),
        "refused encoding",
    ),
    _case("gzip.csv.gz", "gzip of a CSV", gzip.compress(_PLAIN.encode(), mtime=0)),
    _case("gzip-gbk.csv.gz", "gzip of Excel's CSV", gzip.compress(_PLAIN.encode("gbk"), mtime=0)),
    _case(
        "gzip-cut.csv.gz",
        "a download that broke off",
        gzip.compress(_PLAIN.encode(), mtime=0)[:-9],
        "refused unreadable_file",
    ),
)

DELIMITERS = (
    _case(
        "semicolons.csv", "Excel where the comma is a decimal sign", joined(_ROWS, ";").replace("law;tax", '"law;tax"')
    ),
    _case("tabs.tsv", "Google Sheets: TSV, or copied out of Excel", joined(_ROWS, "\t")),
    _case("sep.csv", "Excel's own first line: sep=;", "sep=;\r\n" + written(_ROWS, delimiter=";"), "3 ok", "4 ok"),
    _case("sep-comma.csv", "sep=, as some web applications write it", _BOM + "sep=,\r\n" + _PLAIN, "3 ok", "4 ok"),
    _case("sep-pipe.csv", "sep=|", "SEP=|\n" + joined(_ROWS, "|", "\n"), "3 ok", "4 ok"),
    _case("pipes.csv", "a database's export", joined(_ROWS, "|"), "refused separator"),
    _case("full-width-commas.csv", "typed with a Chinese keyboard", joined(_ROWS, "，"), "refused separator"),
    _case("enumeration-commas.txt", "typed with a Chinese keyboard", joined(_ROWS, "、"), "refused separator"),
    _case("full-width-semicolons.txt", "typed with a Chinese keyboard", joined(_ROWS, "；"), "refused separator"),
    _case("blanks.txt", "columns set apart by blanks", joined(_ROWS, "  "), "refused no_header_line"),
    _case("psql.txt", "psql's own table", joined(_ROWS, " | ", "\n"), "refused separator"),
)

QUOTES = (
    _case("all-quoted.csv", "Java's OpenCSV, R's write.csv, QUOTE_ALL", written(_ROWS, quoting=csv.QUOTE_ALL)),
    _case(
        "all-quoted-semicolons.csv", "the same with semicolons", written(_ROWS, delimiter=";", quoting=csv.QUOTE_ALL)
    ),
    _case(
        "quote-inside.csv",
        'a name with quotes, written by the rule: "a ""b"" c"',
        written((HEADER, changed(ANNA, email='"a"@example.org'), BO)),
        people=(changed(ANNA, email='"a"@example.org'), BO),
    ),
    _case(
        "comma-inside.csv",
        "a quoted cell with commas",
        written((HEADER, changed(ANNA, skills="law,tax"), BO)),
        people=(changed(ANNA, skills="law,tax"), BO),
    ),
    _records(
        "stray-pair.csv",
        "two lone quotes, typed, that swallow what is between them",
        joined((RECORD_HEADER, changed(MORNING, activity='"清扫'), changed(EVENING, activity='"读书'))),
        "refused open_quote",
    ),
    _records(
        "stray-pair-closed.csv",
        "a lone quote, and one further down that ends it before a comma",
        joined((RECORD_HEADER, changed(MORNING, activity='"清扫'), changed(EVENING, activity='读书"'))),
        "2 activity line_break",
        "3 activity line_break",
    ),
    _records(
        "stray-last.csv",
        "a lone quote in the last line",
        joined((RECORD_HEADER, MORNING, changed(EVENING, activity='"读书'))),
        "refused open_quote",
    ),
    _records(
        "half-quoted.csv",
        'a title typed as "学雷锋"志愿服务',
        joined((RECORD_HEADER, changed(MORNING, activity='"学雷锋"志愿服务'), EVENING)),
        "2 line quotes",
        "3 ok",
    ),
    _records(
        "quotes-in-the-middle.csv",
        'a title typed as 读"书"会',
        joined((RECORD_HEADER, changed(MORNING, activity='读"书"会'), EVENING)),
        "2 line quotes",
        "3 ok",
    ),
    _records(
        "blank-before-quote.csv",
        "a blank after the comma, then a quote",
        joined((RECORD_HEADER, changed(MORNING, activity=' "清扫"'), EVENING)),
        "2 line quotes",
        "3 ok",
    ),
    _records(
        "inch.csv",
        'an inch: 20" typed as it is',
        joined((RECORD_HEADER, changed(MORNING, activity='20"屏'), EVENING)),
        "2 line quotes",
        "3 ok",
    ),
    _records(
        "backslash.csv",
        'MySQL: INTO OUTFILE, which writes \\"',
        joined((RECORD_HEADER, changed(MORNING, activity='"学\\"雷锋\\""'), EVENING)),
        "2 line quotes",
        "3 ok",
    ),
    _case(
        "single-quotes.csv",
        "an SQL tool that quotes by apostrophes, the header too",
        joined([[f"'{cell}'" for cell in row] for row in _ROWS]),
        "refused no_header_line",
    ),
    _case(
        "curly-quotes.csv",
        "Word's quotes around every cell",
        joined([[f"“{cell}”" for cell in row] for row in _ROWS]),
        "refused no_header_line",
    ),
    _case(
        "line-break.csv",
        "Excel: Alt+Enter inside a cell",
        written((HEADER, changed(ANNA, name="阮\n语桐"), BO)),
        "2 name line_break",
        "3 name line_break",
        "4 ok",
        people=(BO,),
    ),
    _case(
        "line-break-unquoted.csv",
        "an export that does not quote line breaks",
        joined((HEADER, changed(ANNA, name="阮\n语桐"), BO)),
        "2 line column_count",
        "3 line column_count",
        "4 ok",
        people=(BO,),
    ),
    _case(
        "line-break-in-header.csv",
        "Excel: Alt+Enter in the header",
        written(([name.replace("号", "\n号") for name in HEADER], ANNA, BO)),
        "5 ok",
        "6 ok",
    ),
    _case(
        "long-cell.csv",
        "a text of 5,000 letters in a cell",
        joined((HEADER, changed(ANNA, name="阮" * 5000), BO)),
        "2 name too_long",
        "3 ok",
        people=(BO,),
    ),
    _case("no-end.csv", "two million letters without a line's end", _PLAIN + "x" * 2_100_000, "refused long_line"),
    _case(
        "nul.csv",
        "a NUL, as an old mainframe pads",
        joined((HEADER, changed(ANNA, name="阮\0"), BO)),
        "2 name control_character",
        "3 ok",
        people=(BO,),
    ),
)

HEADERS = (
    _case("english.csv", "our own export, in English", joined((ENGLISH_HEADER, ANNA, BO))),
    _case(
        "english-caps.csv",
        "a header in other cases, with blanks for underscores",
        joined(([name.upper().replace("_", " ") for name in ENGLISH_HEADER], ANNA, BO)),
    ),
    _case(
        "header-blanks.csv",
        "blanks inside and around",
        joined(([f" {name[0]} {name[1:]}　" for name in HEADER], ANNA, BO)),
    ),
    _case(
        "header-stars.csv",
        "a template that marks what is required",
        joined(([f"*{name}" for name in HEADER[:5]] + [f"{name}：" for name in HEADER[5:]], ANNA, BO)),
    ),
    _case(
        "header-hints.csv",
        "a template that says what is required",
        joined(([f"{name}（必填）" for name in HEADER], ANNA, BO)),
    ),
    _case("other-order.csv", "columns in another order", joined([row[::-1] for row in _ROWS])),
    _case("trailing-commas.csv", "Excel, whose used range is wider", joined(_padded(_ROWS, 3))),
    _case("trailing-comma.csv", "a comma after each line", joined(_padded(_ROWS, 1))),
    _case(
        "trailing-commas-in-lines.csv",
        "commas after the lines, not after the header",
        joined([_ROWS[0], *_padded(_ROWS[1:], 2)]),
    ),
    _case(
        "blank-column-between.csv", "an empty column in the middle", joined([[*row[:4], "", *row[4:]] for row in _ROWS])
    ),
    _case(
        "note-in-blank-column.csv",
        "a note beside the table, in a column without a name",
        joined([[*row, note] for row, note in zip(_ROWS, ("", "已核对", ""), strict=True)]),
        "2 column 14 no_header",
        "3 ok",
        people=(BO,),
    ),
    _case("running-numbers.csv", "a column 序号", joined(_with_first(_ROWS, "序号", ["1", "2"]))),
    _case("running-numbers-no.csv", "a column No.", joined(_with_first(_ROWS, "No.", ["1", "2"]))),
    _case("running-numbers-last.csv", "a column 行号 at the end", joined(_with_last(_ROWS, "行号", ["1", "2"]))),
    _case(
        "running-numbers-marks.csv", "a column 序号 with a note in it", joined(_with_first(_ROWS, "序号", ["1", "新"]))
    ),
    _case(
        "data-frame.csv",
        "pandas.to_csv(): a first column without a name",
        joined(_with_first(_ROWS, "", ["0", "1"]), end="\n"),
    ),
    _case("data-frame-filtered.csv", "pandas, after a filter", joined(_with_first(_ROWS, "", ["17", "240"]), end="\n")),
    _case(
        "r.csv", "R's write.csv(): quoted row names", written(_with_first(_ROWS, "", ["1", "2"]), quoting=csv.QUOTE_ALL)
    ),
    _case(
        "data-frame-broken.csv",
        "a first column without a name that counts backwards",
        joined(_with_first(_ROWS, "", ["2", "1"])),
        "2 ok",
        "3 column 1 no_header",
        people=(ANNA,),
    ),
    _case(
        "unknown-column.csv",
        "a column of the office's own",
        joined(_with_last(_ROWS, "备注", ["", ""])),
        "refused unknown_column",
    ),
    _case(
        "similar-column.csv",
        "a column under another name",
        joined(([*HEADER[:4], "手机", *HEADER[5:]], ANNA, BO)),
        "refused unknown_column missing_column",
    ),
    _case(
        "column-twice.csv",
        "a column that is there twice",
        joined(_with_last(_ROWS, "姓名", ["", ""])),
        "refused repeated_column",
    ),
    _case(
        "both-languages.csv", "姓名 and name", joined(_with_last(_ROWS, "name", ["", ""])), "refused repeated_column"
    ),
    _case(
        "column-missing.csv", "without the last column", joined([row[:-1] for row in _ROWS]), "refused missing_column"
    ),
    _case("no-header.csv", "without a header", joined(_ROWS[1:]), "refused no_header_line"),
    _case("title.csv", "a title above the header", "2025年志愿者名册\r\n" + _PLAIN, "3 ok", "4 ok"),
    _case(
        "title-padded.csv",
        "Excel: a title above, with its commas",
        joined([["2025年志愿者名册", *[""] * 12], *_ROWS]),
        "3 ok",
        "4 ok",
    ),
    _case(
        "titles.csv",
        "a title, a unit and a date, and a blank line",
        joined([["名册", *[""] * 12], ["填报单位：", "一队", "日期：", "2025-03-01", *[""] * 9], [""] * 13, *_ROWS]),
        "5 ok",
        "6 ok",
    ),
    _case("data-above.csv", "the header under the first line", joined((ANNA, HEADER, BO)), "refused no_header_line"),
    _case(
        "header-again.csv",
        "two files put together: the header again",
        joined((HEADER, ANNA, HEADER, BO)),
        "2 ok",
        "3 ok",
        "4 ok",
        people=(ANNA, HEADER, BO),
    ),
    _case("comment-above.csv", "a line that begins with #", "# exported 2025-03-01\n" + _LF, "3 ok", "4 ok"),
    Case("only-header.csv", "nobody yet", joined((HEADER,)).encode, ()),
    _case("empty.csv", "nothing", b" \r\n\r\n", "refused empty_file"),
    _case("commas-only.csv", "commas and nothing else", ",,,\n,,,\n", "refused empty_file"),
)

LINES = (
    _case(
        "blank-lines.csv", "blank lines between and after", joined((HEADER, ANNA, [""], BO, [""], [""])), "2 ok", "4 ok"
    ),
    _case("blank-rows.csv", "Excel: rows of nothing", joined((HEADER, ANNA, [""] * 13, BO, [""] * 13)), "2 ok", "4 ok"),
    _case(
        "rows-of-blanks.csv",
        "rows of blanks, of full-width ones, of invisible ones",
        joined((HEADER, [" "] * 13, ["\u3000"] * 13, ["\u200b"] * 13, ["\u00a0", *[""] * 12], ANNA, BO)),
        "6 ok",
        "7 ok",
    ),
    _case("row-of-one-blank.csv", "a last line of one blank", _PLAIN + " \r\n"),
    _case("ctrl-z.csv", "DOS: a Ctrl-Z at the end", _PLAIN + "\x1a"),
    _case(
        "short-line.csv",
        "a line that was cut",
        joined((HEADER, ANNA[:9], BO)),
        "2 line column_count",
        "3 ok",
        people=(BO,),
    ),
    _case(
        "long-line.csv",
        "a comma too many, with something after it",
        joined((HEADER, [*ANNA, "x"], BO)),
        "2 line column_count",
        "3 ok",
        people=(BO,),
    ),
    _case(
        "total.csv",
        "a sum under the table",
        joined((HEADER, ANNA, BO, ["合计", "2人"])),
        "2 ok",
        "3 ok",
        "4 line column_count",
    ),
    _case(
        "cut-in-the-middle.csv",
        "a download that broke off",
        _PLAIN[:-60],
        "2 ok",
        "3 line column_count",
        people=(ANNA,),
    ),
)

VALUES = (
    _case(
        "text-marks.csv",
        'a program that writes ="…" for Excel',
        written((HEADER, changed(ANNA, id_number=f'="{ANNA[3]}"'), changed(BO, phone='="13800000000"'))),
    ),
    _case(
        "text-marks-unquoted.csv",
        "the same, not quoted again",
        joined((HEADER, changed(ANNA, id_number=f'="{ANNA[3]}"'), changed(BO, phone='="13800000000"'))),
    ),
    _case(
        "apostrophes.csv",
        "an apostrophe before a number, as typed in Excel",
        joined((HEADER, changed(ANNA, id_number=f"'{ANNA[3]}"), changed(BO, phone="'13800000000"))),
    ),
    _case(
        "curly-apostrophes.csv",
        "the same after an autocorrection",
        joined((HEADER, changed(ANNA, id_number=f"’{ANNA[3]}"), changed(BO, phone="‘13800000000"))),
    ),
    _case(
        "apostrophe-in-name.csv",
        "an apostrophe that belongs there",
        joined((HEADER, changed(ANNA, name="D'Arcy O'Neil"), BO)),
        people=(changed(ANNA, name="D'Arcy O'Neil"), BO),
    ),
    _case(
        "tabs-after.csv",
        "a tab after a number, so that Excel takes it for text",
        joined((HEADER, changed(ANNA, id_number=ANNA[3] + "\t"), changed(BO, phone="\t13800000000"))),
    ),
    _case(
        "scientific.csv",
        "Excel's CSV of an ID that was typed as a number",
        joined((HEADER, changed(ANNA, id_number="5.1990019951209E+17"), BO)),
        "2 id_number number_cell",
        "3 ok",
        people=(BO,),
    ),
    _case(
        "cut-ids.csv",
        "Excel's CSV of IDs that were typed as numbers, shown whole: the last three digits are lost",
        joined(
            (
                HEADER,
                changed(ANNA, id_number="519900199512088000"),
                changed(ANNA, id_number="519900198507179000"),
                BO,
            )
        ),
        "2 id_number number_cell",
        "3 id_number number_cell",
        "4 ok",
    ),
    _case(
        "one-id-with-zeros.csv",
        "one ID that ends in zeros, among others: there are such people",
        joined((HEADER, changed(ANNA, id_number="519900199512088000"), ANNA, BO)),
        "2 ok",
        "3 ok",
        "4 ok",
        people=(changed(ANNA, id_number="519900199512088000"), ANNA, BO),
    ),
    _case(
        "scientific-phone.csv",
        "a phone number, shown short",
        joined((HEADER, changed(ANNA, phone="1.38E+10"), BO)),
        "2 phone number_cell",
        "3 ok",
        people=(BO,),
    ),
    *(
        _case(
            f"error-{place}.csv",
            f"Excel's CSV of a formula's error: {error}",
            joined((HEADER, changed(ANNA, team=error), BO)),
            "2 team broken_cell",
            "3 ok",
            people=(BO,),
        )
        for place, error in enumerate(
            (
                "#N/A",
                "#REF!",
                "#VALUE!",
                "#NAME?",
                "#DIV/0!",
                "#NULL!",
                "#SPILL!",
                "#n/a",
                "########",
                "Err:502",
                "#引用!",
            )
        )
    ),
    *(
        _case(
            f"nothing-{place}.csv",
            f"a program's word for nothing: {word}",
            joined((HEADER, changed(ANNA, email=word), BO)),
            "2 email broken_cell",
            "3 ok",
            people=(BO,),
        )
        for place, word in enumerate(
            ("NULL", "null", "None", "nan", "NaN", "NaT", "<NA>", "\\N", "undefined", " NULL ")
        )
    ),
    _case(
        "null-in-name.csv",
        "letters that only look like it",
        joined((HEADER, changed(ANNA, name="Nanna Nullmann"), BO)),
        people=(changed(ANNA, name="Nanna Nullmann"), BO),
    ),
    _records("records.csv", "records with Chinese headers", joined(_RECORDS)),
    _records("records-gbk.csv", "Excel's CSV of records", joined(_RECORDS).encode("gbk")),
)

PRETENDERS = (
    _case(
        "table.xls",
        "a web page under the name of a spreadsheet",
        "<html><meta charset=utf-8><table><tr><td>" + "</td><td>".join(HEADER) + "</td></tr></table></html>",
        "refused web_page",
    ),
    _case(
        "fragment.xls",
        "the same, without <html>",
        "\n <TABLE border=1><tr><td>姓名</td></tr></TABLE>",
        "refused web_page",
    ),
    _case(
        "office.xls",
        "Office's own web page, in GBK",
        (
            '<html xmlns:x="urn:schemas-microsoft-com:office:excel"><meta charset=gb2312>'
            "<table><tr><td>姓名</td></tr></table>"
        ).encode("gbk"),
        "refused web_page",
    ),
    _case(
        "utf16.xls",
        "a web page in UTF-16",
        (_BOM + "<html><table></table></html>").encode("utf-16-le"),
        "refused web_page",
    ),
    _case(
        "spreadsheet-2003.xls",
        "XML spreadsheet 2003",
        '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
        '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
        "refused web_page",
    ),
    _case(
        "mhtml.xls",
        "Excel: single file web page",
        "MIME-Version: 1.0\r\nX-Document-Type: Workbook\r\n",
        "refused web_page",
    ),
    _case("json.csv", "JSON", '[{"姓名": "阮语桐"}]', "refused no_header_line"),
    _case("sql.csv", "SQL", "INSERT INTO volunteer VALUES ('阮语桐', 'x');", "refused no_header_line"),
    _case("pdf.csv", "a PDF", b"%PDF-1.7\n\x00\x01\x02\xff\xfe", "refused unreadable_file"),
    _case("png.csv", "a picture", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff\xff\xff", "refused unreadable_file"),
)

TEXT_FILES = (*ENCODINGS, *DELIMITERS, *QUOTES, *HEADERS, *LINES, *VALUES, *PRETENDERS)
