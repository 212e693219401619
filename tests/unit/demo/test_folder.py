"""What the demo reads of a folder, and what it says of one it cannot use."""

from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.demo.command import FAILED, app
from deploy.demo.fault import DemoError
from deploy.demo.folder import Window, read_folder, star_level
from deploy.demo.walk import choose
from tests.integration.demo.district_folder import write_district


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "510199"
    write_district(path, "510199", "甲区", seed=1, volunteers=50, records=300, packed=True, expected=True)
    return path


@pytest.mark.parametrize(
    ("day", "year"), [(date(2024, 12, 4), 2024), (date(2024, 12, 5), 2025), (date(2025, 12, 4), 2025)]
)
def test_a_year_begins_on_volunteers_day(day: date, year: int) -> None:
    window = Window.of(day)
    assert window.year == year
    assert window.since <= day <= window.last < window.until


@pytest.mark.parametrize(("minutes", "level"), [(0, 0), (5999, 0), (6000, 1), (17999, 1), (18000, 2), (90000, 5)])
def test_a_star_is_reached_at_its_hours(minutes: int, level: int) -> None:
    assert star_level(minutes) == level


def test_a_folder_is_read_packed_or_not(folder: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    write_district(plain, "510199", "甲区", seed=1, volunteers=50, records=300, packed=False, expected=False)
    packed, unpacked = read_folder(folder), read_folder(plain)
    assert (packed.district, packed.name, len(packed.roster), packed.record_lines) == ("510199", "甲区", 50, 300)
    assert packed.sessions == unpacked.sessions
    assert packed.roster == unpacked.roster
    assert unpacked.expected is None
    assert unpacked.window == packed.window == Window(2025)


def test_gb18030_and_chinese_headers_are_read(folder: Path) -> None:
    (folder / "service_records.csv.gz").unlink()
    text = "记录编号,志愿者编号,服务站,活动名称,服务类别,开始时间,结束时间,分钟数,服务对象评分\n"
    text += "SR1,51019900000001,510199-STA-01,读书会,culture,2025-03-01T00:30:00+08:00,2025-03-01T01:30:00+08:00,60,\n"
    (folder / "service_records.csv").write_bytes(text.encode("gb18030"))
    (session,) = read_folder(folder).sessions
    assert (session.day, session.minutes) == (date(2025, 3, 1), 60)


def test_rejected_lines_do_not_count(folder: Path) -> None:
    read = read_folder(folder)
    assert read.categories({2}).total() == 49
    assert len(read.accepted({2, 3})) == 298


def test_nobody_walks_whose_star_would_change_by_it(folder: Path) -> None:
    read = read_folder(folder)
    best = choose(read)
    assert best is not None
    assert best.number == "51019900000001"
    first = next(session for session in read.sessions if session.volunteer == best.number)
    short = [session for session in read.sessions if session.volunteer != best.number]
    (folder / "service_records.csv.gz").unlink()
    lines = ["volunteer_no,station_code,service,started_at,minutes"]
    lines += [f"{one.volunteer},{one.station},{one.service},{one.day}T08:00:00+08:00,{one.minutes}" for one in short]
    lines += [f"{best.number},{first.station},{first.service},2025-01-01T08:00:00+08:00,5990"]
    (folder / "service_records.csv").write_text("\n".join(lines))
    changed = choose(read_folder(folder))
    assert changed is not None
    assert changed.number != best.number


def test_a_folder_that_cannot_be_used_is_refused_with_what_is_wrong(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="is not a folder"):
        read_folder(tmp_path / "nowhere")
    (folder / "expected" / "expected_totals.json").write_text("[]")
    with pytest.raises(DemoError, match="expected"):
        read_folder(folder)
    (folder / "volunteers.csv.gz").write_bytes(b"not gzip")
    with pytest.raises(DemoError, match=r"volunteers\.csv\.gz cannot be read"):
        read_folder(folder)
    (folder / "volunteers.csv.gz").unlink()
    (folder / "volunteers.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DemoError, match="no column number or 志愿者编号"):
        read_folder(folder)
    (folder / "divisions.csv").write_text("code,level,name\n510199001,township,街道\n")
    with pytest.raises(DemoError, match="one line of level `county`"):
        read_folder(folder)
    (folder / "teams.csv").unlink()
    with pytest.raises(DemoError, match=r"has no teams\.csv"):
        read_folder(folder)


def test_the_command_refuses_before_it_starts_anything(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, [str(tmp_path)])
    assert result.exit_code == FAILED
    assert "has no divisions.csv" in " ".join(result.output.split())
