"""The figures that assessment shows, asked for over HTTP.

Invariant: a district's figures are asked for with ``provenance=import``: what somebody has checked in for since the
import (the walk of this demo among them) is not part of the comparison.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deploy.demo.folder import Window
    from shared.http.client import LinbangClient

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class ImportCredit:
    """How far an import is in the ledger; ``expected`` is None until its end has been heard of there."""

    records: int
    expected: int | None
    closed: bool


@dataclass(frozen=True, slots=True)
class Totals:
    """Figures of a district, or of one group in it."""

    minutes: int
    sessions: int
    volunteers: int
    code: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class VolunteerTotals:
    """One volunteer's imported minutes and sessions, of a year and of all time, and the star level."""

    year_minutes: int
    year_sessions: int
    minutes: int
    sessions: int
    stars: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What the annual assessment would give now: the nominated by number, group after group, by rank."""

    eligible: int
    nominations: Sequence[str]


def import_credited(assessment: LinbangClient, import_id: str) -> ImportCredit:
    """Ask how much of an import of service records is in the ledger."""
    found = assessment.send("GET", f"/v1/imports/{import_id}/progress").json()
    return ImportCredit(found["credited_records"], found["expected_records"], found["closed"])


def totals(assessment: LinbangClient, window: Window | None = None) -> Totals:
    """Ask for the district's totals, of a window or of all time."""
    return _totals(assessment.send("GET", f"/v1/statistics?{_query(window)}").json())


def by_station(assessment: LinbangClient, window: Window) -> list[Totals]:
    """Ask for the totals of each station, the one with most minutes first."""
    groups = assessment.send("GET", f"/v1/statistics?by=station&{_query(window)}").json()["groups"]
    return sorted((_totals(group) for group in groups), key=lambda each: (-each.minutes, each.code))


def stars(assessment: LinbangClient) -> dict[int, int]:
    """Ask how many volunteers have reached each star level, none included."""
    levels = assessment.send("GET", "/v1/statistics/stars").json()["levels"]
    return {level["level"]: level["volunteers"] for level in levels}


def of_every_volunteer(assessment: LinbangClient, window: Window) -> dict[str, VolunteerTotals]:
    """Ask for everybody who has an imported record: volunteer number -> figures."""
    year = {item["volunteer_no"]: item for item in _volunteer_hours(assessment, window)}
    found = {}
    for item in _volunteer_hours(assessment, None):
        if item["sessions"]:
            of_year = year[item["volunteer_no"]]
            found[item["volunteer_no"]] = VolunteerTotals(
                of_year["minutes"], of_year["sessions"], item["minutes"], item["sessions"], item["stars"]
            )
    return found


def _volunteer_hours(assessment: LinbangClient, window: Window | None) -> Iterator[dict[str, Any]]:
    """Ask page by page."""
    cursor: str | None = ""
    while cursor is not None:
        after = f"&cursor={cursor}" if cursor else ""
        page = assessment.send("GET", f"/v1/volunteer-hours?{_query(window)}&limit={_PAGE}{after}").json()
        yield from page["items"]
        cursor = page["next_cursor"]


def preview(assessment: LinbangClient, year: int) -> Preview:
    """Ask for the assessment of a year as it stands."""
    found = assessment.send("GET", f"/v1/assessments/{year}/preview").json()
    return Preview(found["eligible"], [nomination["volunteer_no"] for nomination in found["nominations"]])


def _query(window: Window | None) -> str:
    return "provenance=import" + (f"&from={window.since}&to={window.until}" if window else "")


def _totals(found: dict[str, Any]) -> Totals:
    names = {"code": found.get("code") or "", "name": found.get("name") or ""}
    return Totals(found["minutes"], found["sessions"], found["volunteers"], **names)
