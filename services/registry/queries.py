"""What registry shows. Personal data leaves it masked."""

import base64
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, TextClause, text

from services.registry.domain.credentials import TOKEN_LIFETIME
from services.registry.domain.privacy import KeyRing, SealedPerson
from shared.contracts.actor import Reach
from shared.contracts.faults import Code, Fault, RefusedError
from shared.http.auth import Caller
from shared.http.pages import PageRequest
from shared.store.engine import Store

CLOCK_SKEW = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class MaskedVolunteer:
    """A volunteer as shown; ``organisation`` and ``team`` are codes."""

    id: UUID
    number: str
    name: str
    gender: str
    id_number: str
    phone: str
    email: str
    category: str
    organisation: str | None
    team: str | None
    skills: list[str]
    services: list[str]
    community: str | None
    registered_on: date
    source: str


_VOLUNTEER = """
    SELECT v.id, v.number, v.wrapped_key, v.personal_data, v.category, o.code AS organisation, t.code AS team,
           v.skills, v.services, v.community, v.registered_on, v.source
    FROM volunteer v
    LEFT JOIN organisation o ON o.district = v.district AND o.id = v.organisation_id
    LEFT JOIN team t ON t.district = v.district AND t.id = v.team_id
    WHERE v.district = :district
      AND (CAST(:units AS uuid[]) IS NULL OR t.id = ANY(CAST(:units AS uuid[]))
           OR t.station_id = ANY(CAST(:units AS uuid[])))
"""
_ONE_VOLUNTEER = text(f"{_VOLUNTEER} AND v.id = :id")
_SOME_VOLUNTEERS = text(f"""{_VOLUNTEER}
      AND v.number > :after AND starts_with(v.number, :number)
      AND (CAST(:category AS text) IS NULL OR v.category = :category)
    ORDER BY v.number LIMIT :limit
""")


async def volunteer(store: Store, keys: KeyRing, caller: Caller, volunteer_id: UUID) -> MaskedVolunteer:
    """Return one's own entry, or one that the caller's role lets them see. Raises RefusedError (not_found)."""
    own = caller.volunteer_id == volunteer_id
    parameters = {"district": caller.district, "units": None if own else _units(caller), "id": volunteer_id}
    async with store.transaction(caller.district) as tx:
        row = (await tx.execute(_ONE_VOLUNTEER, parameters)).one_or_none()
    if row is None:
        raise RefusedError(Fault("volunteer_id", Code.NOT_FOUND))
    return _masked(keys, row)


async def volunteers(
    store: Store, keys: KeyRing, caller: Caller, page: PageRequest, *, number: str, category: str | None
) -> list[MaskedVolunteer]:
    """Return a page of the volunteers that the caller may see, by number, whose number starts with ``number``."""
    parameters = {
        "district": caller.district,
        "units": _units(caller),
        "after": (page.position(str) or ("",))[0],
        "number": number,
        "category": category,
        "limit": page.limit,
    }
    async with store.transaction(caller.district) as tx:
        rows = (await tx.execute(_SOME_VOLUNTEERS, parameters)).all()
    return [_masked(keys, row) for row in rows]


def _units(caller: Caller) -> Collection[UUID] | None:
    """Return the units that limit what a caller sees, or None where they reach the whole district."""
    return None if caller.reach is Reach.DISTRICT else list(caller.scope.units)


def _masked(keys: KeyRing, row: Row[Any]) -> MaskedVolunteer:
    person = keys.open_person(row.id, SealedPerson(row.wrapped_key, row.personal_data)).masked()
    return MaskedVolunteer(
        id=row.id,
        number=row.number,
        name=person.name,
        gender=person.gender,
        id_number=person.id_number,
        phone=person.phone,
        email=person.email,
        category=row.category,
        organisation=row.organisation,
        team=row.team,
        skills=row.skills,
        services=row.services,
        community=row.community,
        registered_on=row.registered_on,
        source=row.source,
    )


_COUNTS = text("SELECT category, count(*) AS volunteers FROM volunteer WHERE district = :district GROUP BY category")


async def counts(store: Store, district: str) -> dict[str, int]:
    """Return how many volunteers the district has, by category."""
    async with store.transaction(district) as tx:
        return {row.category: row.volunteers for row in await tx.execute(_COUNTS, {"district": district})}


_DISTRICTS = text("SELECT code, name FROM district WHERE code > :after ORDER BY code LIMIT :limit")
_DIVISIONS = text("""
    SELECT code, level, name, parent_code FROM division
    WHERE district = :district AND code > :after ORDER BY code LIMIT :limit
""")
_ORGANISATIONS = text("""
    SELECT id, code, name, kind, longitude, latitude, version FROM organisation
    WHERE district = :district AND code > :after ORDER BY code LIMIT :limit
""")
_STATIONS = text("""
    SELECT id, code, name, level, division_code, longitude, latitude, opened_on, volunteer_quota, demand, version
    FROM station WHERE district = :district AND code > :after ORDER BY code LIMIT :limit
""")
_TEAMS = text("""
    SELECT t.id, t.code, t.name, t.kind, o.code AS organisation, s.code AS station, t.focus_service, t.version
    FROM team t
    LEFT JOIN organisation o ON o.district = t.district AND o.id = t.organisation_id
    LEFT JOIN station s ON s.district = t.district AND s.id = t.station_id
    WHERE t.district = :district AND t.code > :after ORDER BY t.code LIMIT :limit
""")


async def districts(store: Store, page: PageRequest) -> list[dict[str, Any]]:
    """Return a page of the open districts, by code."""
    async with store.transaction() as tx:
        rows = await tx.execute(_DISTRICTS, {"after": (page.position(str) or ("",))[0], "limit": page.limit})
        return [dict(row) for row in rows.mappings()]


async def divisions(store: Store, district: str, page: PageRequest) -> list[dict[str, Any]]:
    """Return a page of a district's divisions, by code."""
    return await _by_code(store, _DIVISIONS, district, page)


async def organisations(store: Store, district: str, page: PageRequest) -> list[dict[str, Any]]:
    """Return a page of a district's organisations, by code."""
    return await _by_code(store, _ORGANISATIONS, district, page)


async def stations(store: Store, district: str, page: PageRequest) -> list[dict[str, Any]]:
    """Return a page of a district's stations, by code."""
    return await _by_code(store, _STATIONS, district, page)


async def teams(store: Store, district: str, page: PageRequest) -> list[dict[str, Any]]:
    """Return a page of a district's teams, by code."""
    return await _by_code(store, _TEAMS, district, page)


async def _by_code(store: Store, statement: TextClause, district: str, page: PageRequest) -> list[dict[str, Any]]:
    parameters = {"district": district, "after": (page.position(str) or ("",))[0], "limit": page.limit}
    async with store.transaction(district) as tx:
        return [dict(row) for row in (await tx.execute(statement, parameters)).mappings()]


_ACCOUNT_NAME = text("SELECT user_name FROM account WHERE district = :district AND id = :id")


async def user_name(store: Store, district: str, account_id: UUID) -> str:
    """Return an account's name. Raises RefusedError (not_found)."""
    async with store.transaction(district) as tx:
        name: str | None = await tx.scalar(_ACCOUNT_NAME, {"district": district, "id": account_id})
    if name is None:
        raise RefusedError(Fault("account", Code.NOT_FOUND))
    return name


_VERIFYING_KEYS = text("""
    SELECT id, public_key FROM signing_key
    WHERE replaced_at IS NULL OR replaced_at > clock_timestamp() - CAST(:lifetime AS interval)
    ORDER BY created_at DESC
""")


def key_set_of(store: Store) -> Callable[[], Awaitable[dict[str, Any]]]:
    """Return what gives the key set (RFC 7517): the key that signs, and those whose tokens may still be in date."""

    async def key_set() -> dict[str, Any]:
        async with store.transaction() as tx:
            rows = (await tx.execute(_VERIFYING_KEYS, {"lifetime": TOKEN_LIFETIME + CLOCK_SKEW})).all()
        return {
            "keys": [
                {
                    "kty": "OKP",
                    "crv": "Ed25519",
                    "use": "sig",
                    "kid": row.id,
                    "x": base64.urlsafe_b64encode(row.public_key).rstrip(b"=").decode(),
                }
                for row in rows
            ]
        }

    return key_set
