"""A roster as a spreadsheet.

Invariant: it says no more of anybody than the roster's page does; every word is a text, so that none is a formula and
the digits of a number keep their zeros.
"""

import re
from collections.abc import Mapping, Sequence
from io import BytesIO
from unicodedata import east_asian_width
from urllib.parse import quote
from uuid import UUID

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from services.portal.roster.queries import Entry, Roster
from services.portal.shell.catalogue import translations
from services.portal.shell.formats import Formats
from services.portal.shell.words import WordsOf
from services.portal.volunteers.queries import Name
from shared.contracts.calendar import CHINA

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_AS_TEXT = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_NARROWEST, _WIDEST = 6, 40
_HEAD_ROW = 3
_NOT_IN_A_NAME = re.compile(r"[^\w-]+")
_LONGEST_NAME = 60


def workbook_of(roster: Roster, names: Mapping[UUID, Name], language: str) -> bytes:
    """Return a whole roster as an xlsx file, in a language of the pages: title, when and where, and a row each."""
    texts = translations(language)
    formats = Formats(language, texts)
    _ = texts.gettext
    head = (_("序号"), _("姓名"), _("编号后四位"), _("状态"), _("签到"), _("签退"), _("分钟数"))
    rows = [_row(number, one, names, language) for number, one in enumerate(roster.items, start=1)]
    file = BytesIO()
    with Workbook(file, _AS_TEXT) as book:
        sheet = book.add_worksheet(_("名单"))
        bold, large = book.add_format({"bold": True}), book.add_format({"bold": True, "font_size": 14})
        sheet.write_string(0, 0, roster.title, large)
        sheet.write_string(1, 0, f"{formats.day(roster.starts_at)} {formats.hours(roster.starts_at, roster.ends_at)}")
        sheet.write_string(2, 0, roster.place)
        for column, word in enumerate(head):
            sheet.write_string(_HEAD_ROW, column, word, bold)
        for line, row in enumerate(rows, start=_HEAD_ROW + 1):
            _write(sheet, line, row)
        for column, cells in enumerate(zip(head, *rows, strict=True)):
            sheet.set_column(column, column, min(max(_NARROWEST, *map(_width, cells)) + 2, _WIDEST))
        sheet.freeze_panes(_HEAD_ROW + 1, 0)
        sheet.autofilter(_HEAD_ROW, 0, _HEAD_ROW + len(rows), len(head) - 1)
        sheet.set_paper(9)
        sheet.repeat_rows(_HEAD_ROW)
    return file.getvalue()


def attachment(roster: Roster, language: str) -> str:
    """Return the header that has a browser keep the file under the shift's name and start; RFC 6266."""
    start = f"{roster.starts_at.astimezone(CHINA):%Y-%m-%d-%H%M}"
    title = _NOT_IN_A_NAME.sub("-", roster.title)[:_LONGEST_NAME].strip("-")
    name = f"{translations(language).gettext('名单')}-{title}-{start}.xlsx"
    return f"attachment; filename=\"roster-{start}.xlsx\"; filename*=UTF-8''{quote(name, safe='')}"


def _row(number: int, one: Entry, names: Mapping[UUID, Name], language: str) -> Sequence[str | int]:
    name = names.get(one.volunteer_id)
    state = WordsOf(language, translations(language)).sign_up_state(one.shown_state)
    times = [f"{at.astimezone(CHINA):%H:%M}" if at else "" for at in (one.checked_in_at, one.checked_out_at)]
    minutes = "" if one.minutes is None else one.minutes
    return (number, name.name_masked if name else "", one.number_last_four, state, *times, minutes)


def _write(sheet: Worksheet, line: int, row: Sequence[str | int]) -> None:
    for column, value in enumerate(row):
        if isinstance(value, int):
            sheet.write_number(line, column, value)
        elif value:
            sheet.write_string(line, column, value)


def _width(value: str | int) -> int:
    """Return how wide a cell is shown: a Chinese character takes two letters' room."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in str(value))
