"""What the demo prints keeps its marks and figures where a terminal has 80 columns, which a pipe is taken for too."""

import io

from rich.console import Console

from deploy.demo.comparison import Check, Comparison
from deploy.demo.figures import Totals
from deploy.demo.report import station_table, total_tables


def printed(table: object) -> list[str]:
    console = Console(width=80, file=io.StringIO(), highlight=False)
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_every_total_has_its_mark_and_its_figures_at_80_columns() -> None:
    checks = [
        Check("volunteers", 27_300, 27_300, 27_300),
        Check("a total whose name is longer than the column that it stands in by far", 112_345_678, 112_345_678, 1),
    ]
    for shown in (checks, [Check(check.what, check.found, check.in_files) for check in checks]):
        (table,) = total_tables(Comparison({"Totals": shown}, [], []))
        lines = [line.rstrip() for line in printed(table)]
        assert all(len(line) <= 80 for line in lines)
        assert [line[-1] for line in lines if "27,300" in line or "112,345,678" in line] == [
            "✓" if check.agrees else "✗" for check in shown
        ]
        assert "…" not in "".join(lines)


def test_a_stations_name_goes_on_in_the_next_line() -> None:
    station = Totals(600, 5, 3, "510115-STA-01", "一个名字很长很长很长很长很长很长很长很长的社区志愿服务站")
    lines = printed(station_table([station], 2025))
    assert all(len(line) <= 80 for line in lines)
    assert "…" not in "".join(lines)
