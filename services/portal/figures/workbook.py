"""A year's figures as a CSV, with the numbers of the page and no other."""

from collections.abc import Iterator

from services.portal.figures.queries import Row, YearFigures
from services.portal.shell import csv_files
from services.portal.shell.catalogue import translations


def rows_of(figures: YearFigures, language: str) -> Iterator[csv_files.Row]:
    """Yield all of a year: a line each month, community and station, and the totals. Empty: its service is away."""
    _ = translations(language).gettext
    kinds = (_("志愿者人数"), _("服务小时"), _("服务人数"), _("活动数"))
    unshown = _("不公布")
    register, hours, held = figures.register, figures.hours, figures.held

    def number(value: int | None, few: bool) -> str | int:
        return value if value is not None else "<5" if few else unshown

    def of_row(section: str, row: Row) -> csv_files.Row:
        served = row.served
        return (
            section,
            row.code or "",
            row.name or "",
            number(row.registered.volunteers, row.registered.few) if row.registered else "",
            number(served.hours, served.few) if served else 0 if hours else "",
            number(served.volunteers, served.few) if served else 0 if hours else "",
            row.held.activities if row.held else 0 if held else "",
        )

    yield (_("分组"), _("代码"), _("名称"), *kinds)
    for row in figures.months:
        yield of_row(_("月份"), row)
    for one in register.communities if register else ():
        yield (_("社区"), one.code or "", one.name or _("没有填"), number(one.volunteers, one.few), "", "", "")
    for row in figures.stations:
        yield of_row(_("站点"), row)
    yield (
        _("合计"),
        figures.year,
        "",
        number(register.volunteers, register.few) if register else "",
        number(hours.hours, hours.few) if hours else "",
        number(hours.volunteers, hours.few) if hours else "",
        held.activities if held else "",
    )
