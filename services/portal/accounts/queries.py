"""What is shown of a district's accounts, and what an office does to them."""

import asyncio
from datetime import datetime
from functools import partial
from uuid import UUID

from pydantic import BaseModel

from services.portal.shell.kept import Kept
from shared.http.upstream import Change, Nothing, Read, Upstream, unless_away


class Account(BaseModel):
    """An account; ``units`` are codes of stations and teams."""

    id: UUID
    user_name: str
    roles: list[str]
    units: list[str]
    volunteer_number: str | None
    locked: bool
    must_change_password: bool
    second_factor: bool
    created_at: datetime
    sessions: int


class Accounts(BaseModel):
    """A page of accounts."""

    items: list[Account]
    next_cursor: str | None


class AccountChange(BaseModel):
    """Something that was done to an account."""

    happened_at: datetime
    action: str
    by: str | None
    reason: str


class History(BaseModel):
    """A page of what was done to an account."""

    items: list[AccountChange]
    next_cursor: str | None


class Unit(BaseModel):
    """A station or a team."""

    code: str
    name: str


class Units(BaseModel):
    """A district's stations, or its teams."""

    items: list[Unit]


class Opened(BaseModel):
    """An account that is open."""

    id: UUID


class TemporaryPassword(BaseModel):
    """A password that is shown once."""

    temporary_password: str


ACCOUNTS = Read("registry", "/v1/accounts", Accounts)
ACCOUNT = Read("registry", "/v1/accounts/{account_id}", Account)
HISTORY = Read("registry", "/v1/accounts/{account_id}/history", History)
STATIONS = Read("registry", "/v1/stations", Units)
TEAMS = Read("registry", "/v1/teams", Units)
OPEN = Change("POST", "registry", "/v1/accounts", Opened)
ROLES = Change("PUT", "registry", "/v1/accounts/{account_id}/roles", Nothing)
LOCK = Change("POST", "registry", "/v1/accounts/{account_id}/lock", Nothing)
UNLOCK = Change("POST", "registry", "/v1/accounts/{account_id}/unlock", Nothing)
LOG_OUT = Change("POST", "registry", "/v1/accounts/{account_id}/log-out", Nothing)
RESET_FACTOR = Change("POST", "registry", "/v1/accounts/{account_id}/second-factor-reset", Nothing)
RESET_PASSWORD = Change("POST", "registry", "/v1/accounts/{account_id}/password-reset", TemporaryPassword)
_UNITS = (STATIONS, TEAMS)
_MOST = 1000


class AllUnits(BaseModel):
    """What somebody can manage or lead."""

    stations: list[Unit]
    teams: list[Unit]

    def named(self) -> dict[str, str]:
        """Return what each is called, by code."""
        return {unit.code: unit.name for unit in (*self.stations, *self.teams)}


async def units(calls: Upstream, kept: Kept, district: str) -> AllUnits | None:
    """Return a district's stations and teams; None while registry is away."""
    stations, teams = await asyncio.gather(
        *(unless_away(kept.get((what, district, "names"), partial(_all, calls, what, district))) for what in _UNITS)
    )
    return AllUnits(stations=stations.items, teams=teams.items) if stations and teams else None


async def _all(calls: Upstream, what: Read[Units], district: str) -> Units:
    return await calls.read(what, district=district, limit=_MOST)
