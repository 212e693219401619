"""Every total beside what it should be: what the folder's files add up to, and what ``expected/`` says.

Invariant: nothing is adjusted. A line that the import refused is left out on the files' side, and the report says so.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy.demo import figures
from deploy.demo.figures import VolunteerTotals
from deploy.demo.folder import CATEGORIES, Served, by_volunteer, star_level

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deploy.demo.district import Session
    from deploy.demo.folder import Folder, ServiceLine
    from deploy.demo.loading import Credited, Loaded

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Check:
    """One total: as found over HTTP, and what it should be by the files and by ``expected/`` (None: not said)."""

    what: str
    found: int
    in_files: int | None = None
    expected: int | None = None

    @property
    def agrees(self) -> bool:
        """Whether it is what it should be."""
        return all(value in (None, self.found) for value in (self.in_files, self.expected))


@dataclass(frozen=True)
class Comparison:
    """All totals, by the table they are shown in, and the stations with most minutes."""

    tables: Mapping[str, Sequence[Check]]
    stations: Sequence[figures.Totals]
    notes: Sequence[str]

    @property
    def checks(self) -> list[Check]:
        """All totals."""
        return [check for checks in self.tables.values() for check in checks]

    @property
    def differing(self) -> list[Check]:
        """The totals that are not what they should be."""
        return [check for check in self.checks if not check.agrees]


def compare(admin: Session, folder: Folder, roster: Loaded, records: Loaded, credited: Credited) -> Comparison:
    """Ask for the district's figures and put them beside what they should be."""
    window = folder.window
    volunteers, notes = _volunteers(admin, folder, roster)
    return Comparison(
        tables={
            "Lines of the files": _lines(folder, roster, records, credited),
            "Volunteers by category": volunteers,
            f"Service, {window.since} to {window.last}, and lifetime": _service(admin, folder, records),
            "Star levels": _stars(admin, folder, records),
            "Each volunteer's minutes, sessions and stars": _one_by_one(admin, folder, records),
            f"Annual assessment {window.year}": _assessment(admin, folder),
        },
        stations=figures.by_station(admin.assessment, window),
        notes=notes,
    )


def _lines(folder: Folder, roster: Loaded, records: Loaded, credited: Credited) -> list[Check]:
    return [
        Check(
            "roster: new + unchanged + rejected",
            roster.new + roster.end.unchanged + roster.end.rejected,
            len(folder.roster),
        ),
        Check("service records: new + unchanged + rejected", _dealt_with(records), folder.record_lines),
        Check("new records credited in the ledger", credited.records, records.new),
    ]


def _dealt_with(loaded: Loaded) -> int:
    return loaded.new + loaded.end.unchanged + loaded.end.rejected


def _volunteers(admin: Session, folder: Folder, roster: Loaded) -> tuple[list[Check], list[str]]:
    listed = folder.categories(roster.rejected)
    found: Mapping[str, int] = admin.registry.send("GET", "/v1/volunteers/counts").json()["by_category"]
    notes = []
    if sum(found.values()) > listed.total():
        of_roster = _found_of_roster(admin, folder, roster)
        others = sum(found.values()) - of_roster.total()
        notes.append(f"Volunteers of the district who are not in this roster, and so not compared: {others:,}")
        found = of_roster
    codes = [code for code in (*CATEGORIES, *listed) if listed[code] or found.get(code)]
    checks = [Check(_category(code), found.get(code, 0), listed[code]) for code in dict.fromkeys(codes)]
    return [*checks, Check("all", sum(found.values()), listed.total())], notes


def _category(code: str) -> str:
    return f"{CATEGORIES[code]} {code.replace('_', ' ')}" if code in CATEGORIES else code


def _found_of_roster(admin: Session, folder: Folder, roster: Loaded) -> Counter[str]:
    """Count, one by one, the volunteers whose numbers are in the roster."""
    numbers = {number for line, (number, _) in folder.roster.items() if line not in roster.rejected}
    counts: Counter[str] = Counter()
    cursor: str | None = ""
    while cursor is not None:
        after = f"&cursor={cursor}" if cursor else ""
        page = admin.registry.send("GET", f"/v1/volunteers?limit={_PAGE}{after}").json()
        counts.update(item["category"] for item in page["items"] if item["number"] in numbers)
        cursor = page["next_cursor"]
    return counts


def _service(admin: Session, folder: Folder, records: Loaded) -> list[Check]:
    window, known = folder.window, folder.expected
    accepted = folder.accepted(records.rejected)
    in_window = [session for session in accepted if window.covers(session.day)]
    year, lifetime = figures.totals(admin.assessment, window), figures.totals(admin.assessment)
    return [
        Check("sessions in the year", year.sessions, len(in_window), known.records if known else None),
        Check("minutes in the year", year.minutes, _minutes(in_window), known.minutes if known else None),
        Check("sessions in a lifetime", lifetime.sessions, len(accepted)),
        Check("minutes in a lifetime", lifetime.minutes, _minutes(accepted), known.lifetime_minutes if known else None),
        Check(
            "volunteers with records",
            lifetime.volunteers,
            len(by_volunteer(accepted)),
            known.volunteers_with_records if known else None,
        ),
    ]


def _minutes(sessions: Sequence[ServiceLine]) -> int:
    return sum(session.minutes for session in sessions)


def _stars(admin: Session, folder: Folder, records: Loaded) -> list[Check]:
    listed = Counter(star_level(sums.minutes) for sums in by_volunteer(folder.accepted(records.rejected)).values())
    levels, known = figures.stars(admin.assessment), folder.expected
    return [
        Check(_level(level), count, listed[level], known.stars.get(level, 0) if known else None)
        for level, count in sorted(levels.items())
    ]


def _level(level: int) -> str:
    return "★" * level or "no star"


def _one_by_one(admin: Session, folder: Folder, records: Loaded) -> list[Check]:
    """Count the volunteers whose every figure is what it should be."""
    found, known = figures.of_every_volunteer(admin.assessment, folder.window), folder.expected
    accepted = folder.accepted(records.rejected)
    in_year = by_volunteer([session for session in accepted if folder.window.covers(session.day)])
    in_files = {
        number: VolunteerTotals(
            year.minutes, year.sessions, lifetime.minutes, lifetime.sessions, star_level(lifetime.minutes)
        )
        for number, lifetime in by_volunteer(accepted).items()
        for year in [in_year.get(number, Served())]
    }
    checks = [
        Check("as in the files", sum(found.get(number) == totals for number, totals in in_files.items()), len(in_files))
    ]
    if known and known.volunteers is not None:
        as_expected = sum(
            (totals := found.get(number)) is not None
            and (totals.year_minutes, totals.year_sessions, totals.minutes, totals.stars) == wanted
            for number, wanted in known.volunteers.items()
        )
        checks.append(Check("as in expected/", as_expected, None, len(known.volunteers)))
    return checks


def _assessment(admin: Session, folder: Folder) -> list[Check]:
    preview, known = figures.preview(admin.assessment, folder.window.year), folder.expected
    checks = [
        Check("eligible", preview.eligible, None, known.eligible if known else None),
        Check("nominated", len(preview.nominations), None, known.nominated if known else None),
    ]
    if known and known.nominations is not None:
        same = sum(found == wanted for found, wanted in zip(preview.nominations, known.nominations, strict=False))
        checks.append(Check("nominated at the same rank", same, None, len(known.nominations)))
    return checks
