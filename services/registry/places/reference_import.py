"""Importing reference data: divisions, organisations, stations, teams.

Invariant: an event carries its entry in full; one is issued, with the next version, exactly when that changes. What is
closed is not changed any more.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

from sqlalchemy import RowMapping, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.places import repository as reference
from services.registry.places.domain import reference as rules
from services.registry.places.domain.fields import Fields
from services.registry.places.domain.reference import Division, Organisation, Station, Team
from services.registry.places.repository import Written
from services.registry.places.tables import division, organisation, station, team
from shared.contracts import (
    Event,
    OrganisationChanged,
    OrganisationRegistered,
    StationChanged,
    StationRegistered,
    TeamChanged,
    TeamRegistered,
)
from shared.contracts.actor import Role
from shared.contracts.calendar import district_day
from shared.contracts.faults import Code, Fault
from shared.imports.columns import Columns, Holds
from shared.imports.job import Chunk, ImportJob, ImportKind
from shared.imports.rows import Outcome, Row, Verdict
from shared.store import event_log
from shared.store.event_log import NewEvent, now

_ROLES = (Role.OPERATOR, Role.DISTRICT_ADMIN)


class _Entry(Protocol):
    """Anything that the district knows by a code."""

    __slots__: tuple[str, ...]

    @property
    def code(self) -> str:
        """Return the code."""


E = TypeVar("E", bound=_Entry)


def import_kinds() -> dict[str, ImportKind]:
    """Return how each file of reference data is taken in."""
    return {
        "divisions": _kind(_take_in_divisions, 代码="code", 级别="level", 名称="name", 上级代码="parent_code"),
        "organisations": _kind(_take_in_organisations, 代码="code", 名称="name", 类型="kind", 经度="lon", 纬度="lat"),
        "stations": _kind(
            _take_in_stations,
            代码="code",
            名称="name",
            级别="level",
            区划代码="division_code",
            经度="lon",
            纬度="lat",
            启用日期="opened_on",
            志愿者名额="volunteer_quota",
            每周需求="demand_by_service",
        ),
        "teams": _kind(
            _take_in_teams,
            代码="code",
            名称="name",
            类型="kind",
            组织代码="organisation_code",
            站点代码="station_code",
            服务方向="focus_service",
        ),
    }


_HOLDS = {
    "lon": Holds.NUMBER,
    "lat": Holds.NUMBER,
    "volunteer_quota": Holds.NUMBER,
    "opened_on": Holds.DAY,
}


def _kind(chunk: Chunk, **headers: str) -> ImportKind:
    columns = Columns(headers | {field: field for field in headers.values()}, _HOLDS)
    return ImportKind(columns=columns, chunk=chunk, roles=_ROLES)


async def _take_in_divisions(tx: AsyncConnection, job: ImportJob, rows: Sequence[Row]) -> list[Verdict]:
    async def write(entries: Sequence[Division]) -> set[str]:
        return await reference.upsert_divisions(tx, job.district, entries)

    await reference.require_open(tx, job.district)
    return await _take_in(_Taking(tx, job, division), rows, lambda fields: rules.division(fields, job.district), write)


async def _take_in_organisations(tx: AsyncConnection, job: ImportJob, rows: Sequence[Row]) -> list[Verdict]:
    async def write(entries: Sequence[Organisation]) -> set[str]:
        written = await reference.upsert_organisations(tx, job.district, entries)
        return await _announce(tx, job, entries, written, _organisation)

    await reference.require_open(tx, job.district)
    return await _take_in(_Taking(tx, job, organisation), rows, rules.organisation, write)


async def _take_in_stations(tx: AsyncConnection, job: ImportJob, rows: Sequence[Row]) -> list[Verdict]:
    async def write(entries: Sequence[Station]) -> set[str]:
        written = await reference.upsert_stations(tx, job.district, entries)
        return await _announce(tx, job, entries, written, _station)

    await reference.require_open(tx, job.district)
    divisions = await reference.division_codes(tx, job.district)
    today = district_day(now())
    return await _take_in(
        _Taking(tx, job, station), rows, lambda fields: rules.station(fields, divisions, today), write
    )


async def _take_in_teams(tx: AsyncConnection, job: ImportJob, rows: Sequence[Row]) -> list[Verdict]:
    async def write(entries: Sequence[Team]) -> set[str]:
        written = await reference.upsert_teams(tx, job.district, entries)
        return await _announce(tx, job, entries, written, _team)

    await reference.require_open(tx, job.district)
    organisations = await reference.organisation_ids(tx, job.district)
    stations = await reference.station_ids(tx, job.district)
    return await _take_in(
        _Taking(tx, job, team), rows, lambda fields: rules.team(fields, organisations, stations), write
    )


class _Taking(NamedTuple):
    """Which job takes entries in, and the table that they go to."""

    tx: AsyncConnection
    job: ImportJob
    table: Table


async def _take_in(
    taking: _Taking,
    rows: Sequence[Row],
    read: Callable[[Fields], E | None],
    write: Callable[[Sequence[E]], Awaitable[set[str]]],
) -> list[Verdict]:
    """Read the rows, write what has no fault, and return a verdict per row. The first line of a code counts.

    A dry run writes nothing. Codes that an earlier chunk has brought are not looked for: a file of places has one.
    """
    entries: dict[str, E] = {}
    lines: list[tuple[Row, Fields, E | Fault]] = []
    for row in rows:
        fields = Fields(row.values)
        entry = None if row.fault else read(fields)
        if entry is None:
            lines.append((row, fields, row.fault or fields.faults[0]))
        elif entries.setdefault(entry.code, entry) is not entry:
            lines.append((row, fields, Fault("code", Code.DUPLICATE_IN_FILE)))
        else:
            lines.append((row, fields, entry))
    known = await reference.on_file(taking.tx, taking.table, taking.job.district, entries)
    closed = {code for code, before in known.items() if before.get("closed_on")}
    if not taking.job.dry_run:
        await write([entry for code, entry in entries.items() if code not in closed])
    return [_verdict(row, fields, found, known) for row, fields, found in lines]


def _verdict(row: Row, fields: Fields, found: _Entry | Fault, known: Mapping[str, RowMapping]) -> Verdict:
    if isinstance(found, Fault):
        return Verdict.rejected(row.line, found)
    before = known.get(found.code)
    if before and before.get("closed_on"):
        return Verdict.rejected(row.line, Fault("code", Code.CLOSED))
    changed = _differing(before, found) if before else ()
    if before and not changed:
        return Verdict(row.line, Outcome.UNCHANGED)
    outcome = Outcome.NORMALISED if fields.normalised or row.normalised else Outcome.ACCEPTED
    return Verdict(row.line, outcome, changed=bool(changed), changed_fields=changed)


def _differing(before: RowMapping, after: _Entry) -> tuple[str, ...]:
    """Return the columns of the file that say something else than what is on file."""
    return tuple(
        _COLUMN_OF.get(name, name)
        for name in after.__slots__
        if (dict(value) if isinstance(value := getattr(after, name), tuple) else value) != before[name]
    )


_COLUMN_OF = {
    "longitude": "lon",
    "latitude": "lat",
    "organisation_id": "organisation_code",
    "station_id": "station_code",
    "demand": "demand_by_service",
}
"""Attribute of an entry -> column of the file, where their names differ."""


async def _announce(
    tx: AsyncConnection,
    job: ImportJob,
    entries: Sequence[E],
    written: Mapping[str, Written],
    word: Callable[[Written, E], Event],
) -> set[str]:
    """Append the event of each entry that was written; return the codes."""
    events = [
        NewEvent(job.district, row.id, row.version, word(row, entry), f"import:{job.id}")
        for entry in entries
        if (row := written.get(entry.code))
    ]
    await event_log.append(tx, events)
    return set(written)


def _organisation(written: Written, entry: Organisation) -> Event:
    event = OrganisationRegistered if written.version == 1 else OrganisationChanged
    return event(organisation_id=written.id, code=entry.code, name=entry.name, kind=entry.kind)


def _station(written: Written, entry: Station) -> Event:
    event = StationRegistered if written.version == 1 else StationChanged
    return event(
        station_id=written.id,
        code=entry.code,
        name=entry.name,
        level=entry.level,
        division_code=entry.division_code,
        opened_on=entry.opened_on,
        volunteer_quota=entry.volunteer_quota,
    )


def _team(written: Written, entry: Team) -> Event:
    event = TeamRegistered if written.version == 1 else TeamChanged
    return event(
        team_id=written.id,
        code=entry.code,
        name=entry.name,
        kind=entry.kind,
        organisation_id=entry.organisation_id,
        station_id=entry.station_id,
        focus_service=entry.focus_service,
    )
