"""Reference data of a district: divisions, organisations, stations and teams, as their files bring them.

Invariant: the same line always gives the same value, so importing a file again changes nothing.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from services.registry.places.domain import wording
from services.registry.places.domain.codes import CENTRE, DIVISION_LEVELS, STATION_LEVELS, YES_NO
from services.registry.places.domain.fields import Fields
from shared.contracts import text
from shared.contracts.codes import SERVICE_OF
from shared.contracts.faults import Code

NAME_LENGTH = 100
MAX_QUOTA = 1_000_000
LEAST_OPERATORS = 2
_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,39}")
_KIND = re.compile(r"[a-z][a-z_]{0,39}")
_DIGITS = re.compile(r"[0-9]{4,12}")
_HEADCOUNT = re.compile(r"[0-9]{1,6}")
_LEVELS = {level: level for level in DIVISION_LEVELS}
_STATION_LEVELS = {level: level for level in STATION_LEVELS}


@dataclass(frozen=True, slots=True)
class Division:
    """An administrative division: the county itself, a township or a community."""

    code: str
    level: str
    name: str
    parent_code: str


@dataclass(frozen=True, slots=True)
class Organisation:
    """An association of volunteers."""

    code: str
    name: str
    kind: str
    longitude: float | None
    latitude: float | None
    host_unit: str | None
    parent_code: str | None
    guiding_body_id: UUID | None


@dataclass(frozen=True, slots=True)
class Station:
    """A service station or the district's centre. ``demand`` is volunteers needed a week, by service."""

    code: str
    name: str
    level: str
    division_code: str
    longitude: float | None
    latitude: float | None
    opened_on: date | None
    volunteer_quota: int
    demand: tuple[tuple[str, int], ...]
    operators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Team:
    """A service team of an organisation, at a station or at none."""

    code: str
    name: str
    kind: str
    organisation_id: UUID | None
    station_id: UUID | None
    focus_service: str | None
    is_head: bool | None


@dataclass(frozen=True, slots=True)
class GuidingBody:
    """A body that guides organisations: a League committee of the district or a university."""

    code: str
    name: str


Known = Mapping[str, Mapping[Any, Any]]
"""Code -> what is on file of an entry: what a file has no column of stays as it is."""


def division(fields: Fields, district: str) -> Division | None:
    """Read a division of the district; None where ``fields`` has faults."""
    code = fields.matching("code", text.code, _DIGITS, required=True)
    level = fields.coded("level", _LEVELS, required=True)
    name = fields.name("name", NAME_LENGTH)
    parent_code = fields.matching("parent_code", text.code, _DIGITS, required=True)
    if code and level:
        if len(code) != DIVISION_LEVELS[level]:
            fields.fault("code", Code.LENGTH)
        elif not code.startswith(district):
            fields.fault("code", Code.OTHER_DISTRICT)
    if fields.faults or not (code and level and name and parent_code):
        return None
    return Division(code, level, name, parent_code)


def guiding_body(fields: Fields) -> GuidingBody | None:
    """Read a guiding body; None where ``fields`` has faults."""
    code = _code(fields)
    name = fields.name("name", NAME_LENGTH)
    return None if fields.faults or not (code and name) else GuidingBody(code, name)


def organisation(
    fields: Fields, bodies: Mapping[str, UUID], codes: Collection[str], known: Known
) -> Organisation | None:
    """Read an organisation, guided by one of ``bodies`` (code -> id); None where ``fields`` has faults.

    ``codes`` are those of all organisations, so that one may be a member of another.
    """
    code = _code(fields)
    name = fields.name("name", NAME_LENGTH)
    kind = _kind(fields)
    longitude, latitude = _place(fields)
    said = seat(fields, bodies, codes, code, known.get(code or "", {}))
    if fields.faults or not (code and name and kind):
        return None
    return Organisation(code, name, kind, longitude, latitude, *said)


class Seat(NamedTuple):
    """How an organisation belongs together with others: its host unit, what it is a member of, who guides it."""

    host_unit: str | None
    parent_code: str | None
    guiding_body_id: UUID | None


def seat(
    fields: Fields, bodies: Mapping[str, UUID], codes: Collection[str], code: str | None, before: Mapping[Any, Any]
) -> Seat:
    """Read it of the organisation with a ``code``; what nothing is said of is as ``before``.

    ``bodies``: code -> id of those that guide; ``codes``: those of the organisations that it can be a member of.
    """
    if fields.says("host_unit"):
        host_unit = fields.name("host_unit", NAME_LENGTH, required=False)
    else:
        host_unit = before.get("host_unit")
    if fields.says("parent_code"):
        parent_code = fields.reference("parent_code", {each: each for each in codes if each != code})
    else:
        parent_code = before.get("parent_code")
    if fields.says("guiding_body_code"):
        guiding_body_id = fields.reference("guiding_body_code", bodies)
    else:
        guiding_body_id = before.get("guiding_body_id")
    return Seat(host_unit, parent_code, guiding_body_id)


def station(fields: Fields, divisions: Mapping[str, str], today: date, known: Known) -> Station | None:
    """Read a station in one of the district's ``divisions`` (code -> code); None where ``fields`` has faults."""
    code = _code(fields)
    name = fields.name("name", NAME_LENGTH)
    level = fields.coded("level", _STATION_LEVELS, required=True)
    division_code = fields.reference("division_code", divisions, required=True)
    longitude, latitude = _place(fields)
    opened_on = fields.day("opened_on", today)
    quota = fields.whole_number("volunteer_quota", 0, MAX_QUOTA)
    demand = headcounts(fields, "demand_by_service")
    if fields.says("operators"):
        said = operators(fields, level)
    else:
        said = tuple(known.get(code or "", {}).get("operators", ()))
    if fields.faults or not (code and name and level and division_code):
        return None
    return Station(code, name, level, division_code, longitude, latitude, opened_on, quota or 0, demand, said)


def operators(fields: Fields, level: str | None) -> tuple[str, ...]:
    """Read which units run the district's centre jointly: none, or two and more. Faults: as ``names``, and format.

    Only a centre is run so (domain.md section 1, line 19: with the education bureau).
    """
    named = fields.names("operators", NAME_LENGTH)
    if named and (level != CENTRE or len(named) < LEAST_OPERATORS) and not fields.faults:
        fields.fault("operators", Code.FORMAT if level == CENTRE else Code.FORBIDDEN)
    return named


def team(fields: Fields, organisations: Mapping[str, UUID], stations: Mapping[str, UUID], known: Known) -> Team | None:
    """Read a team of one of the ``organisations`` (code -> id), at one of the ``stations``; None where faulty."""
    code = _code(fields)
    name = fields.name("name", NAME_LENGTH)
    kind = _kind(fields)
    organisation_id = fields.reference("organisation_code", organisations)
    station_id = fields.reference("station_code", stations)
    focus_service = fields.coded("focus_service", SERVICE_OF)
    is_head = fields.coded("head", YES_NO) if fields.says("head") else known.get(code or "", {}).get("is_head")
    if fields.faults or not (code and name and kind):
        return None
    return Team(code, name, kind, organisation_id, station_id, focus_service, is_head)


def _code(fields: Fields) -> str | None:
    return fields.matching("code", text.code, _CODE, required=True)


def _kind(fields: Fields) -> str | None:
    return fields.matching("kind", wording.code, _KIND, required=True)


def _place(fields: Fields) -> tuple[float | None, float | None]:
    return fields.number("lon", -180, 180), fields.number("lat", -90, 90)


def headcounts(fields: Fields, field: str) -> tuple[tuple[str, int], ...]:
    """Read ``service:headcount;…``, each service once. Faults: format, unknown_value, whole_number, named_twice."""
    value = fields.text(field, wording.code)
    found: dict[str, int] = {}
    for part in value.split(";") if value else []:
        word, colon, headcount = (piece.strip() for piece in part.partition(":"))
        service = SERVICE_OF.get(word)
        if fault := _headcount_fault(found, colon, service, headcount):
            fields.fault(field, fault)
            return ()
        found[str(service)] = int(headcount)
    return tuple(found.items())


def _headcount_fault(found: Mapping[str, int], colon: str, service: str | None, headcount: str) -> Code | None:
    if not colon:
        return Code.FORMAT
    if service is None:
        return Code.UNKNOWN_VALUE
    if not _HEADCOUNT.fullmatch(headcount):
        return Code.WHOLE_NUMBER
    return Code.NAMED_TWICE if service in found else None
