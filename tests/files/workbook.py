"""Writes xlsx files byte for byte, with the quirks of the programs that make them."""

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
GENERAL, DAY, MOMENT, TEXT, PERCENT, CHINESE_DAY, WHOLE, LABELLED, ZEROS, TIME, MONEY, SHORT_MOMENT = range(12)
LISTED_DAY, PLAIN_WHOLE, SCIENTIFIC, ELAPSED, LOCALE_DAY, ONLY_DAY_OF_MOMENT, MONTH = range(12, 19)
_STYLES = (
    0, 14, 22, 49, 10, 'yyyy"年"m"月"d"日"', "0_ ", '"No. "0', "00000000000", 20, "¥#,##0.00", "yyyy/m/d h:mm:ss",
    57, 1, 11, 46, '[$-804]yyyy"-"mm"-"dd;@', "yyyy-mm-dd", "mmm-yy",
)  # fmt: skip

Cell = str | int | float | None | tuple[str, str]
"""A text, a number, nothing, or the attributes of a ``c`` element and what is in it."""


def number(value: float | str, style: int) -> tuple[str, str]:
    return f's="{style}"', f"<v>{value}</v>"


def error(what: str) -> tuple[str, str]:
    return 't="e"', f"<v>{what}</v>"


def formula(code: str, value: str | None = None, kind: str = "") -> tuple[str, str]:
    """Return a formula: ``value`` is what the program computed, None where it computed nothing."""
    attributes = f't="{kind}"' if kind else ""
    return attributes, f"<f>{escape(code)}</f>" + ("" if value is None else f"<v>{escape(value)}</v>")


def rich(*runs: str) -> tuple[str, str]:
    """Return a text in runs of several fonts."""
    return 't="inlineStr"', "<is>" + "".join(f"<r><rPr><b/></rPr><t>{escape(run)}</t></r>" for run in runs) + "</is>"


def spoken(text: str, sound: str) -> tuple[str, str]:
    """Return a text with its pronunciation above it."""
    said = f'<rPh sb="0" eb="1"><t>{escape(sound)}</t></rPh><phoneticPr fontId="1"/>'
    return 't="inlineStr"', f"<is><t>{escape(text)}</t>{said}</is>"


@dataclass
class Sheet:
    """A sheet. ``hidden`` are row numbers."""

    name: str
    rows: Sequence[Sequence[Cell]]
    state: str = "visible"
    kind: str = "worksheet"
    merged: Sequence[str] = ()
    hidden: Sequence[int] = ()
    columns: str = ""
    numbers: Sequence[int] | None = None
    """The row numbers, where they are not 1, 2, 3 …"""
    row_attributes: str = ""


@dataclass
class Book:
    """A workbook, with what programs do differently."""

    sheets: Sequence[Sheet]
    inline: bool = False
    addresses: bool = True
    prefix: str = ""
    namespace: str = MAIN
    properties: str = ""
    calculation: str = ""
    absolute: bool = False
    backslashes: bool = False
    capitals: bool = False
    dimension: str = ""
    declaration: str = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    styles: bool = True
    stored: bool = False
    extra: dict[str, bytes] = field(default_factory=dict)
    change: Callable[[str, str], str] = lambda _, xml: xml
    """Changes a part: its name and XML in, XML out."""
    _texts: list[str] = field(default_factory=list)

    def content(self) -> bytes:
        """Return the bytes of the file."""
        parts = {f"xl/worksheets/sheet{n}.xml": self._sheet(sheet) for n, sheet in enumerate(self.sheets, start=1)}
        parts |= {"_rels/.rels": self._root(), "xl/workbook.xml": self._book()}
        parts["xl/_rels/workbook.xml.rels"] = self._relations()
        parts["xl/sharedStrings.xml"] = self._shared()
        if self.styles:
            parts["xl/styles.xml"] = _styles(self.namespace)
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED if self.stored else zipfile.ZIP_DEFLATED) as archive:
            for name, xml in parts.items():
                self._write(archive, name, (self.declaration + self.change(name, xml)).encode())
            for name, data in self.extra.items():
                self._write(archive, name, data)
        return out.getvalue()

    def _write(self, archive: zipfile.ZipFile, name: str, data: bytes) -> None:
        if self.backslashes:
            name = name.replace("/", "\\")
        archive.writestr(zipfile.ZipInfo(name.upper() if self.capitals and "xl/" in name else name), data,
                         archive.compression)  # fmt: skip

    def _tag(self, name: str) -> str:
        return f"{self.prefix}:{name}" if self.prefix else name

    def _sheet(self, sheet: Sheet) -> str:
        rows = []
        for place, cells in enumerate(sheet.rows):
            row = sheet.numbers[place] if sheet.numbers else place + 1
            hidden = ' hidden="1"' if row in sheet.hidden else ""
            at = f' r="{row}"' if self.addresses else ""
            inside = "".join(self._cell(cell, column, row) for column, cell in enumerate(cells))
            rows.append(f"<{self._tag('row')}{at}{hidden}{sheet.row_attributes}>{inside}</{self._tag('row')}>")
        declared = f"xmlns:{self.prefix}" if self.prefix else "xmlns"
        merged = "".join(f'<{self._tag("mergeCell")} ref="{area}"/>' for area in sheet.merged)
        if merged:
            merged = f"<{self._tag('mergeCells')}>{merged}</{self._tag('mergeCells')}>"
        data = self._tag("sheetData")
        root = self._tag(sheet.kind)
        return (
            f'<{root} {declared}="{self.namespace}">{self.dimension}{sheet.columns}'
            f"<{data}>{''.join(rows)}</{data}>{merged}</{root}>"
        )

    def _cell(self, cell: Cell, column: int, row: int) -> str:
        if cell is None:
            return "" if self.addresses else f"<{self._tag('c')}/>"
        c, v = self._tag("c"), self._tag("v")
        at = f' r="{_letters(column)}{row}"' if self.addresses else ""
        if isinstance(cell, tuple):
            return f"<{c}{at} {cell[0]}>{cell[1]}</{c}>"
        if isinstance(cell, int | float):
            return f"<{c}{at}><{v}>{cell}</{v}></{c}>"
        if self.inline:
            i, t = self._tag("is"), self._tag("t")
            return f'<{c}{at} t="inlineStr"><{i}><{t} xml:space="preserve">{escape(cell)}</{t}></{i}></{c}>'
        if cell not in self._texts:
            self._texts.append(cell)
        return f'<{c}{at} t="s"><{v}>{self._texts.index(cell)}</{v}></{c}>'

    def _shared(self) -> str:
        texts = "".join(f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in self._texts)
        return f'<sst xmlns="{self.namespace}" count="0" uniqueCount="0">{texts}</sst>'

    def _book(self) -> str:
        sheets = "".join(
            f'<{self._tag("sheet")} name={quoteattr(sheet.name)} sheetId="{n}" '
            + ("" if sheet.state == "visible" else f'state="{sheet.state}" ')
            + f'r:id="rId{n}"/>'
            for n, sheet in enumerate(self.sheets, start=1)
        )
        declared = f"xmlns:{self.prefix}" if self.prefix else "xmlns"
        root, list_ = self._tag("workbook"), self._tag("sheets")
        return (
            f'<{root} {declared}="{self.namespace}" xmlns:r="{RELATIONS}">{self.properties}'
            f"<{list_}>{sheets}</{list_}>{self.calculation}</{root}>"
        )

    def _relations(self) -> str:
        base = "/xl/" if self.absolute else ""
        targets = [
            (f"rId{n}", sheet.kind, f"{base}worksheets/sheet{n}.xml") for n, sheet in enumerate(self.sheets, start=1)
        ]
        targets += [("rIdA", "sharedStrings", f"{base}sharedStrings.xml"), ("rIdB", "styles", f"{base}styles.xml")]
        if not self.styles:
            targets.pop()
        return _relationships(targets)

    def _root(self) -> str:
        return _relationships([("rId1", "officeDocument", "/xl/workbook.xml" if self.absolute else "xl/workbook.xml")])


def _relationships(targets: Sequence[tuple[str, str, str]]) -> str:
    each = "".join(
        f'<Relationship Id="{name}" Type="{RELATIONS}/{kind}" Target="{target}"/>' for name, kind, target in targets
    )
    return f'<Relationships xmlns="{PACKAGE}">{each}</Relationships>'


def _styles(namespace: str) -> str:
    codes = {code: 164 + place for place, code in enumerate(each for each in _STYLES if isinstance(each, str))}
    formats = "".join(f'<numFmt numFmtId="{n}" formatCode={quoteattr(code)}/>' for code, n in codes.items())
    ids = [codes[each] if isinstance(each, str) else each for each in _STYLES]
    cells = "".join(f'<xf numFmtId="{each}" applyNumberFormat="1"/>' for each in ids)
    return (
        f'<styleSheet xmlns="{namespace}"><numFmts>{formats}</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
        f"<cellXfs>{cells}</cellXfs></styleSheet>"
    )


def _letters(column: int) -> str:
    return ("" if column < 26 else chr(64 + column // 26)) + chr(65 + column % 26)
