"""A district's files: what is in them, counted without any service's help.

Invariant: what the services found is compared with these counts, so nothing here comes from a service's code.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from deploy.demo.fault import DemoError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

REFERENCE = ("divisions", "organisations", "stations", "teams")
"""The reference data, in the order in which one file refers to another."""
FILES = (*REFERENCE, "volunteers", "service_records")
CATEGORIES = {
    "university_student": "大学生",
    "civil_servant": "公务员",
    "retired_teacher": "退休教师",
    "professional": "专业人士",
    "resident": "居民",
    "minor": "未成年人",
}
CHINA = timezone(timedelta(hours=8))
_CATEGORY_CODES = {name: code for code, name in CATEGORIES.items()}
STAR_MINUTES = tuple(hours * 60 for hours in (100, 300, 600, 1000, 1500))
"""Lifetime minutes at which each star level is reached (data README)."""
_WINDOW_MONTH, _WINDOW_DAY = 12, 5
_CODE = "code|代码"


@dataclass(frozen=True, slots=True)
class Window:
    """The year that an assessment covers, China time: from 5 December to the day before the next one."""

    year: int

    @property
    def since(self) -> date:
        """The first day."""
        return date(self.year - 1, _WINDOW_MONTH, _WINDOW_DAY)

    @property
    def until(self) -> date:
        """The day after the last."""
        return date(self.year, _WINDOW_MONTH, _WINDOW_DAY)

    @property
    def last(self) -> date:
        """The last day."""
        return self.until - timedelta(days=1)

    def covers(self, day: date) -> bool:
        """Whether a day is in it."""
        return self.since <= day < self.until

    @classmethod
    def of(cls, day: date) -> Window:
        """Give the window that a day is in."""
        return cls(day.year + ((day.month, day.day) >= (_WINDOW_MONTH, _WINDOW_DAY)))


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """One line of the service records."""

    line: int
    volunteer: str
    station: str
    service: str
    day: date
    minutes: int


@dataclass(slots=True)
class Served:
    """What one volunteer gave over a lifetime."""

    minutes: int = 0
    sessions: int = 0


@dataclass(frozen=True)
class Expected:
    """What an independent program worked out for the folder."""

    window: Window
    records: int
    minutes: int
    lifetime_minutes: int
    volunteers_with_records: int
    eligible: int
    nominated: int
    stars: Mapping[int, int]
    """Level -> volunteers, of those with records."""
    volunteers: Mapping[str, tuple[int, ...]] | None
    """Volunteer number -> minutes and sessions of the year, lifetime minutes, star level."""
    nominations: Sequence[str] | None
    """Volunteer numbers by group and rank."""


@dataclass(frozen=True)
class Places:
    """A district and the files that it comes in, by what is in them."""

    path: Path
    district: str
    name: str
    files: Mapping[str, Path]

    def codes(self, kind: str) -> list[str]:
        """Give the codes that a file of reference data lists."""
        return [code for _, (code,) in _table(self.files[kind], _CODE)]


@dataclass(frozen=True)
class Folder(Places):
    """A district's folder, people and records included."""

    roster: Mapping[int, tuple[str, str]]
    """Line -> volunteer number and category, as the roster has them."""
    sessions: Sequence[ServiceLine]
    record_lines: int
    expected: Expected | None

    @property
    def window(self) -> Window:
        """The year to show: that of ``expected/``, or the latest that the records reach into."""
        if self.expected:
            return self.expected.window
        return Window.of(max((session.day for session in self.sessions), default=datetime.now(CHINA).date()))

    def categories(self, rejected: Collection[int]) -> Counter[str]:
        """Count the roster's volunteers by category, without the rejected lines."""
        return Counter(category for line, (_, category) in self.roster.items() if line not in rejected)

    def accepted(self, rejected: Collection[int]) -> list[ServiceLine]:
        """Give the records without the rejected lines."""
        return [session for session in self.sessions if session.line not in rejected]


def by_volunteer(sessions: Sequence[ServiceLine]) -> dict[str, Served]:
    """Sum sessions by volunteer number."""
    served: dict[str, Served] = defaultdict(Served)
    for session in sessions:
        sums = served[session.volunteer]
        sums.minutes += session.minutes
        sums.sessions += 1
    return dict(served)


def star_level(minutes: int) -> int:
    """Give the level that lifetime minutes reach."""
    return sum(minutes >= threshold for threshold in STAR_MINUTES)


def read_places(path: Path, kinds: Sequence[str] = REFERENCE) -> Places:
    """Find a folder's files and the district they are of. Raises DemoError where one is missing or something else."""
    if not path.is_dir():
        raise DemoError(f"{path} is not a folder. Give a district's folder, for example deploy/sample/510115.")
    files = {kind: _file(path, kind) for kind in kinds}
    divisions = _table(files["divisions"], _CODE, "level|级别", "name|名称")
    counties = [(code, name) for _, (code, level, name) in divisions if level == "county"]
    if len(counties) != 1:
        raise DemoError(f"{files['divisions']} must have one line of level `county`; it has {len(counties)}.")
    return Places(path, *counties[0], files)


def read_folder(path: Path) -> Folder:
    """Read a folder. Raises DemoError where a file is missing or is not what its name says."""
    places = read_places(path, FILES)
    lines = list(_service_lines(places.files["service_records"]))
    roster = _table(places.files["volunteers"], "number|志愿者编号", "category|人员类别")
    return Folder(
        path=path,
        district=places.district,
        name=places.name,
        files=places.files,
        roster={line: (number, _CATEGORY_CODES.get(category, category)) for line, (number, category) in roster},
        sessions=[line for line in lines if line is not None],
        record_lines=len(lines),
        expected=_expected(path / "expected"),
    )


def _file(folder: Path, name: str) -> Path:
    """Find a file, packed or not. Raises DemoError where it is not there."""
    found = _find(folder, name)
    if found is None:
        needed = ", ".join(FILES)
        raise DemoError(f"{folder} has no {name}.csv or {name}.csv.gz. A district's folder has {needed}.")
    return found


def _find(folder: Path, name: str) -> Path | None:
    candidates = (folder / f"{name}.csv", folder / f"{name}.csv.gz")
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _service_lines(path: Path) -> Iterator[ServiceLine | None]:
    """Give a session per line, None for one that cannot be read (the import will say what is wrong with it)."""
    columns = (
        "volunteer_no|志愿者编号",
        "station_code|服务站",
        "service|服务类别",
        "started_at|开始时间",
        "minutes|分钟数",
    )
    for line, (volunteer, station, service, started_at, minutes) in _table(path, *columns):
        try:
            day = datetime.fromisoformat(started_at).astimezone(CHINA).date()
            yield ServiceLine(line, volunteer, station, service, day, int(minutes))
        except ValueError:
            yield None


def _table(path: Path, *columns: str) -> Iterator[tuple[int, list[str]]]:
    """Give (physical line, the columns' values) per line; a column is named with its alternatives, ``a|b``."""
    with io.StringIO(_text(path), newline="") as text:
        reader = csv.reader(text)
        header = [name.strip().casefold() for name in next(reader, [])]
        places = [_place(path, header, column) for column in columns]
        last = max(places)
        line = reader.line_num + 1
        for cells in reader:
            if any(cells):
                padded = cells if len(cells) > last else [*cells, *[""] * (last + 1 - len(cells))]
                yield line, [padded[place].strip() for place in places]
            line = reader.line_num + 1


def _place(path: Path, header: Sequence[str], column: str) -> int:
    names = column.split("|")
    for name in names:
        if name in header:
            return header.index(name)
    raise DemoError(f"{path} has no column {' or '.join(names)}; its first line is: {', '.join(header)[:200]}")


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise DemoError(f"{path} cannot be read: {error}") from error
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DemoError(f"{path} is neither UTF-8 nor GB18030 text.")


def _expected(folder: Path) -> Expected | None:
    totals = folder / "expected_totals.json"
    if not totals.is_file():
        return None
    try:
        known = json.loads(totals.read_text())
        return Expected(
            window=Window(known["year"]),
            records=known["in_window"]["records"],
            minutes=known["in_window"]["minutes"],
            lifetime_minutes=known["lifetime_minutes"],
            volunteers_with_records=known["volunteers_with_records"],
            eligible=known["eligible"],
            nominated=known["nominated"],
            stars={int(level): count for level, count in known["stars"].items()},
            volunteers=_expected_volunteers(_find(folder, "expected_volunteers")),
            nominations=_expected_nominations(_find(folder, "expected_nominations")),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DemoError(f"{folder} is not what the sample's expected/ looks like: {error!r}") from error


def _expected_volunteers(path: Path | None) -> dict[str, tuple[int, ...]] | None:
    if path is None:
        return None
    rows = _table(path, "volunteer_no", "minutes", "sessions", "lifetime_minutes", "stars")
    return {number: tuple(map(int, figures)) for _, (number, *figures) in rows}


def _expected_nominations(path: Path | None) -> list[str] | None:
    return [number for _, (number,) in _table(path, "volunteer_no")] if path else None
