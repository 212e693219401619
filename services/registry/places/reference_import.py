"""Importing reference data: divisions, guiding bodies, organisations, stations, teams.

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
from services.registry.places.domain.reference import Division, GuidingBody, Known, Organisation, Station, Team
from services.registry.places.repository import Written
from services.registry.places.tables import division, guiding_body, organisation, station, team
from shared.contracts import (
    Event,
    GuidingBodyChanged,
    GuidingBodyRegistered,
    OrganisationChanged,
    OrganisationRegistered,
    StationChanged,
    StationRegistered,
    TeamChanged,
    TeamRegistered,
    text,
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
        "guiding_bodies": _kind(_take_in_guiding_bodies, 代码="code", 名称="name"),
        "organisations": _kind(
            _take_in_organisations,
            代码="code",
            名称="name",
            类型="kind",
            经度="lon",
            纬度="lat",
            挂靠单位="host_unit",
            上级代码="parent_code",
            指导机构代码="guiding_body_code",
        ),
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
            共建单位="operators",
        ),
        "teams": _kind(
            _take_in_teams,
            代码="code",
            名称="name",
            类型="kind",
            组织代码="organisation_code",
            站点代码="station_code",
            服务方向="focus_service",
            总队="head",
        ),
    }


_HOLDS = {
    "lon": Holds.NUMBER,
    "lat": Holds.NUMBER,
    "volunteer_quota": Holds.NUMBER,
    "opened_on": Holds.DAY,
}

_OPTIONAL = frozenset({"host_unit", "parent_code", "guiding_body_code", "operators", "head"})
"""Columns that files came without at first; what one has no column of stays as it is."""


def _kind(chunk: Chunk, **headers: str) -> ImportKind:
    optional = _OPTIONAL - {"parent_code"} if chunk is _take_in_divisions else _OPTIONAL
    columns = Columns(headers | {field: field for field in headers.values()}, _HOLDS, optional)
    return ImportKind(columns=columns, chunk=chunk, roles=_ROLES)


async def _take_in_divisions(tx: AsyncConnection, job: ImportJob, rows: Sequence[Row]) -> list[Verdict]:
    async def write(entries: Sequence[Division]) -> set[str]:
        return await reference.upsert_divisions(tx, job.district, entries)

    await reference.require_open(tx, job.district)
    return await _take_in(
        _Taking(tx, job, division), rows, lambda fields, _: rules.division(fields, job.district), write
    )


async def _take_in_guiding_bodies(tx: AsyncConnection, job: ImportJob, rows: Sequence[Row]) -> list[Verdict]:
    async def write(entries: Sequence[GuidingBody]) -> set[str]:
        written = await reference.upsert_guiding_bodies(tx, job.district, entries)
        return await _announce(tx, job, entries, written, _guiding_body)

    await reference.require_open(tx, job.district)
    return await _take_in(_Taking(tx, job, guiding_body), rows, lambda fields, _: rules.guiding_body(fields), write)


async def _take_in_organisations(tx: AsyncConnection, job: ImportJob, rows: Sequence[Row]) -> list[Verdict]:
    async def write(entries: Sequence[Organisation]) -> set[str]:
        written = await reference.upsert_organisations(tx, job.district, entries)
        return await _announce(tx, job, entries, written, _organisation)

    await reference.require_open(tx, job.district)
    bodies = await reference.guiding_body_ids(tx, job.district)
    of_file = {text.code(row.values["code"]) for row in rows if row.values}
    return await _take_in(
        _Taking(tx, job, organisation),
        rows,
        lambda fields, known: rules.organisation(fields, bodies, of_file | known.keys(), known),
        write,
    )


async def _take_in_stations(tx: AsyncConnection, job: ImportJob, rows: Sequence[Row]) -> list[Verdict]:
    async def write(entries: Sequence[Station]) -> set[str]:
        written = await reference.upsert_stations(tx, job.district, entries)
        return await _announce(tx, job, entries, written, _station)

    await reference.require_open(tx, job.district)
    divisions = await reference.division_codes(tx, job.district)
    today = district_day(now())
    return await _take_in(
        _Taking(tx, job, station), rows, lambda fields, known: rules.station(fields, divisions, today, known), write
    )


async def _take_in_teams(tx: AsyncConnection, job: ImportJob, rows: Sequence[Row]) -> list[Verdict]:
    async def write(entries: Sequence[Team]) -> set[str]:
        written = await reference.upsert_teams(tx, job.district, entries)
        return await _announce(tx, job, entries, written, _team)

    await reference.require_open(tx, job.district)
    organisations = await reference.organisation_ids(tx, job.district)
    stations = await reference.station_ids(tx, job.district)
    return await _take_in(
        _Taking(tx, job, team), rows, lambda fields, known: rules.team(fields, organisations, stations, known), write
    )


class _Taking(NamedTuple):
    """Which job takes entries in, and the table that they go to."""

    tx: AsyncConnection
    job: ImportJob
    table: Table


async def _take_in(
    taking: _Taking,
    rows: Sequence[Row],
    read: Callable[[Fields, Known], E | None],
    write: Callable[[Sequence[E]], Awaitable[set[str]]],
) -> list[Verdict]:
    """Read the rows, write what has no fault, and return a verdict per row. The first line of a code counts.

    A dry run writes nothing. Codes that an earlier chunk has brought are not looked for: a file of places has one.
    """
    known = await reference.on_file(taking.tx, taking.table, taking.job.district)
    entries: dict[str, E] = {}
    lines: list[tuple[Row, Fields, E | Fault]] = []
    for row in rows:
        fields = Fields(row.values)
        entry = None if row.fault else read(fields, known)
        if entry is None:
            lines.append((row, fields, row.fault or fields.faults[0]))
        elif entries.setdefault(entry.code, entry) is not entry:
            lines.append((row, fields, Fault("code", Code.DUPLICATE_IN_FILE)))
        else:
            lines.append((row, fields, entry))
    closed = {code for code in entries.keys() & known.keys() if known[code].get("closed_on")}
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
        _COLUMN_OF.get(name, name) for name in after.__slots__ if _on_file(name, getattr(after, name)) != before[name]
    )


def _on_file(name: str, value: object) -> object:
    """Return a value as the table has it."""
    if name == "demand":
        return dict(value)  # type: ignore[call-overload]  # pairs
    return list(value) if isinstance(value, tuple) else value


_COLUMN_OF = {
    "longitude": "lon",
    "latitude": "lat",
    "organisation_id": "organisation_code",
    "station_id": "station_code",
    "demand": "demand_by_service",
    "guiding_body_id": "guiding_body_code",
    "is_head": "head",
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


def _guiding_body(written: Written, entry: GuidingBody) -> Event:
    event = GuidingBodyRegistered if written.version == 1 else GuidingBodyChanged
    return event(guiding_body_id=written.id, code=entry.code, name=entry.name)


def _organisation(written: Written, entry: Organisation) -> Event:
    event = OrganisationRegistered if written.version == 1 else OrganisationChanged
    return event(
        organisation_id=written.id,
        code=entry.code,
        name=entry.name,
        kind=entry.kind,
        host_unit=entry.host_unit,
        parent_code=entry.parent_code,
        guiding_body_id=entry.guiding_body_id,
    )


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
        operators=entry.operators,
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
        is_head=entry.is_head,
    )
