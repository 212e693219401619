"""Figures as files: CSV that is written as it is read, and an xlsx of the groups.

Invariant: a file has the numbers of the page, in minutes, and every word is a text, so that none is a formula.
"""

import io
from collections.abc import AsyncGenerator, Sequence

from xlsxwriter import Workbook

from services.portal.shell.catalogue import translations
from services.portal.shell.csv_files import MARK, Row, lines_of
from services.portal.shell.words import WordsOf
from services.portal.statistics.queries import PersonFigures, Statistics

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_AS_TEXT = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_WIDTHS = (18, 36, 12, 12, 12)


def group_rows(found: Statistics, names: Sequence[str], language: str) -> list[Row]:
    """Return the head, a row each group, and the total; ``names`` are what the groups are called."""
    _ = translations(language).gettext
    head = (_("代码"), _("名称"), _("分钟数"), _("次数"), _("人数"))
    rows: list[Row] = [
        (group.code or "", name, group.minutes, group.sessions, group.volunteers)
        for group, name in zip(found.groups, names, strict=True)
    ]
    return [head, *rows, ("", _("合计"), found.minutes, found.sessions, found.volunteers)]


def xlsx_of(rows: Sequence[Row], title: str) -> bytes:
    """Return rows as a spreadsheet of one sheet, the first of them its head."""
    file = io.BytesIO()
    with Workbook(file, _AS_TEXT) as book:
        sheet = book.add_worksheet(title)
        bold = book.add_format({"bold": True})
        thousands = book.add_format({"num_format": "#,##0"})
        for line, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, int):
                    sheet.write_number(line, column, value, thousands)
                else:
                    sheet.write_string(line, column, value, bold if line == 0 else None)
        for column, width in enumerate(_WIDTHS):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 0)
    return file.getvalue()


async def people_csv(
    first: Sequence[PersonFigures], rest: AsyncGenerator[list[PersonFigures]], language: str
) -> AsyncGenerator[bytes]:
    """Yield everybody's figures as CSV, a page at a time: the ``first`` page, and those after it."""
    _, words = translations(language).gettext, WordsOf(language, translations(language))
    head = (_("志愿者编号"), _("类别"), _("分钟数"), _("次数"), _("累计分钟数"), _("星级"))
    yield MARK + lines_of([head, *_person_rows(first, words)])
    async for page in rest:
        yield lines_of(_person_rows(page, words))


def _person_rows(people: Sequence[PersonFigures], words: WordsOf) -> list[Row]:
    return [
        (one.volunteer_no, words.category(one.category), one.minutes, one.sessions, one.lifetime_minutes, one.stars)
        for one in people
    ]
