"""The access log, as an auditor looks at it and takes it away."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from pydantic import BaseModel

from services.portal.shell.csv_files import Row, csv_of
from shared.contracts.calendar import CHINA, begin_of
from shared.http.upstream import Read, Upstream

MOST = 50_000
"""Entries in one file; who wants more asks for a shorter time."""


class Entry(BaseModel):
    """One entry."""

    happened_at: datetime
    actor: str
    user_name: str | None
    roles: list[str]
    action: str
    volunteer_number: str | None
    reason: str
    approved_by: str | None


class Entries(BaseModel):
    """A page of entries."""

    items: list[Entry]
    next_cursor: str | None


ENTRIES = Read("registry", "/v1/access-log", Entries)


class Wanted(BaseModel):
    """What an auditor looks for; days as typed."""

    person: str = ""
    reader: str = ""
    since: str = ""
    until: str = ""

    def parameters(self) -> dict[str, str]:
        """Return it as registry is asked. A day that is none is left out: ``wrong`` names it."""
        first, last = _day(self.since), _day(self.until)
        moments = {
            "since": begin_of(first).isoformat() if first else "",
            "until": begin_of(last + timedelta(days=1)).isoformat() if last else "",
        }
        return {
            name: value for name, value in {"person": self.person, "reader": self.reader, **moments}.items() if value
        }

    @property
    def wrong(self) -> list[str]:
        """The days that are none."""
        return [name for name in ("since", "until") if getattr(self, name) and _day(getattr(self, name)) is None]

    def query(self, **more: str) -> str:
        """Return it as an address has it."""
        return urlencode({name: value for name, value in {**self.model_dump(), **more}.items() if value})


def _day(typed: str) -> date | None:
    try:
        found = date.fromisoformat(typed)
    except ValueError:
        return None
    return found if 1970 <= found.year <= 9000 else None  # noqa: PLR2004 - years that a clock has


async def all_entries(calls: Upstream, wanted: Wanted) -> list[Entry]:
    """Return every entry that is looked for, the newest first, at most ``MOST``."""
    return await calls.read_all(ENTRIES, most=MOST, **wanted.parameters())


def as_csv(entries: Sequence[Entry]) -> bytes:
    """Return entries as a file that spreadsheets open."""
    return csv_of([_HEAD, *map(_row, entries)])


_HEAD = ("happened_at", "user_name", "roles", "action", "volunteer_number", "reason", "actor", "approved_by")


def _row(one: Entry) -> Row:
    return (
        one.happened_at.astimezone(CHINA).isoformat(timespec="seconds"),
        one.user_name or "",
        " ".join(one.roles),
        one.action,
        one.volunteer_number or "",
        one.reason,
        one.actor,
        one.approved_by or "",
    )
