"""Pairing a volunteer or a team with a household, its visits, and its end.

Invariant: a pairing is begun, ended and noted on by who is assigned to the household; its events say at which station,
never with whom (ADR 0056).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.people.domain.privacy import KeyRing
from services.registry.people.repository import id_of_number, require_guardian
from services.registry.places import repository as places
from services.registry.places.tables import team
from services.registry.recipients import repository
from services.registry.recipients.domain.household import checked_note
from services.registry.recipients.domain.pairing import Rhythm, check_span, check_visit
from services.registry.recipients.domain.sealing import SealedFile, seal_note
from shared.contracts import PairingBegun, PairingEnded
from shared.contracts.actor import Actor
from shared.contracts.calendar import district_day
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store import event_log
from shared.store.event_log import NewEvent, new_id, now


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPairing:
    """A pairing to begin: with the volunteer of a number, or with the team of a code."""

    volunteer_number: str = ""
    team: str = ""
    rhythm: Rhythm
    starts_on: date
    ends_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class NewVisit:
    """A visit to note; ``volunteer_number`` is who of a team was there."""

    visited_on: date
    minutes: int
    volunteer_number: str = ""
    note: str = ""


class PairingIsOn(BaseModel):
    """A pairing as it stands."""

    id: UUID
    starts_on: date
    ended_on: date | None
    version: int


class VisitNoted(BaseModel):
    """A visit that is on file."""

    id: UUID
    visited_on: date
    minutes: int


async def begin_pairing(
    tx: AsyncConnection, actor: Actor, account_id: UUID, household_id: UUID, new: NewPairing
) -> PairingIsOn:
    """Pair a volunteer or a team with a household that is assigned to the actor.

    Raises RefusedError: ``not_found``, ``closed``, an unknown volunteer or team, ``guardian_needed`` for a minor, a
    span that is none, or ``already_paired``.
    """
    found, _ = await assigned(tx, actor, account_id, household_id, is_open=True)
    check_span(new.starts_on, new.ends_on, district_day(now()))
    volunteer_id, team_id = await _who(tx, actor.district, new)
    row = await repository.insert_pairing(
        tx,
        actor.district,
        id=new_id(),
        household_id=household_id,
        volunteer_id=volunteer_id,
        team_id=team_id,
        rhythm=new.rhythm.value,
        starts_on=new.starts_on,
        ends_on=new.ends_on,
    )
    if row is None:
        raise RefusedError(Fault("volunteer_number" if volunteer_id else "team", Code.ALREADY_PAIRED))
    teams = await repository.teams_of(tx, actor.district, [row])
    event = PairingBegun(**_of_events(found, row, teams), ends_on=row.ends_on)
    await event_log.append(tx, [NewEvent(actor.district, row.id, row.version, event, actor.name)])
    return _is_on(row)


async def end_pairing(
    tx: AsyncConnection, actor: Actor, account_id: UUID, pairing_id: UUID, ended_on: date | None
) -> PairingIsOn:
    """End a pairing, today where no day is named. Raises RefusedError: ``not_found``, ``in_future``, ``not_open``."""
    found, pairing, _ = await _of_pairing(tx, actor, account_id, pairing_id)
    day = ended_on or max(district_day(now()), pairing.starts_on)
    if ended_on is not None and ended_on > district_day(now()):
        raise RefusedError(Fault("ended_on", Code.IN_FUTURE))
    if day < pairing.starts_on:
        raise RefusedError(Fault("ended_on", Code.END_BEFORE_START))
    rows = await repository.end_pairings(tx, actor.district, pairing.household_id, pairing_id, day)
    if not rows:
        raise RefusedError(Fault("pairing_id", Code.NOT_OPEN))
    await _tell_ended(tx, actor, found, rows)
    return _is_on(rows[0])


async def end_all(tx: AsyncConnection, actor: Actor, household: Row[Any], day: date) -> None:
    """End the pairings of a household that the caller holds."""
    rows = await repository.end_pairings(tx, actor.district, household.id, None, day)
    await _tell_ended(tx, actor, household, rows)


async def note_visit(
    tx: AsyncConnection, keys: KeyRing, actor: Actor, account_id: UUID, pairing_id: UUID, new: NewVisit
) -> VisitNoted:
    """Note a visit. Raises RefusedError: ``not_found``; of a team, who came is ``missing``; no day or time for it."""
    _, pairing, sealed = await _of_pairing(tx, actor, account_id, pairing_id)
    kept = checked_note(new.note)
    check_visit(new.visited_on, new.minutes, pairing.starts_on, pairing.ended_on, district_day(now()))
    volunteer_id = pairing.volunteer_id
    if volunteer_id is None:
        if not new.volunteer_number:
            raise RefusedError(Fault("volunteer_number", Code.MISSING))
        volunteer_id = await id_of_number(tx, actor.district, new.volunteer_number)
    visit_id = new_id()
    await repository.insert_visit(
        tx,
        actor.district,
        id=visit_id,
        pairing_id=pairing_id,
        volunteer_id=volunteer_id,
        visited_on=new.visited_on,
        minutes=new.minutes,
        note=seal_note(keys, pairing.household_id, sealed.wrapped_key, visit_id, kept),
    )
    return VisitNoted(id=visit_id, visited_on=new.visited_on, minutes=new.minutes)


async def assigned(
    tx: AsyncConnection, actor: Actor, account_id: UUID, household_id: UUID, *, is_open: bool = False
) -> tuple[Row[Any], SealedFile]:
    """Return a household that is assigned to the actor, held to the commit, and its file.

    Raises RefusedError: ``not_found`` where it is not, there is none, or it is erased; ``closed`` where an open one is
    needed.
    """
    worker = await repository.act_for(tx, actor, account_id)
    found = await repository.lock(tx, actor, worker, household_id)
    sealed = await repository.find_file(tx, actor.district, household_id) if found and found.mine else None
    if found is None or sealed is None:
        raise RefusedError(Fault("household_id", Code.NOT_FOUND))
    if is_open and found.closed_on is not None:
        raise RefusedError(Fault("household_id", Code.CLOSED))
    return found, sealed


async def _of_pairing(
    tx: AsyncConnection, actor: Actor, account_id: UUID, pairing_id: UUID
) -> tuple[Row[Any], Row[Any], SealedFile]:
    pairing = await repository.find_pairing(tx, actor.district, pairing_id)
    if pairing is None:
        raise RefusedError(Fault("pairing_id", Code.NOT_FOUND))
    found, sealed = await assigned(tx, actor, account_id, pairing.household_id)
    return found, pairing, sealed


async def _who(tx: AsyncConnection, district: str, new: NewPairing) -> tuple[UUID | None, UUID | None]:
    if bool(new.volunteer_number) == bool(new.team):
        raise RefusedError(Fault("volunteer_number", Code.NAMED_TWICE if new.team else Code.MISSING))
    if new.volunteer_number:
        volunteer_id = await id_of_number(tx, district, new.volunteer_number)
        await require_guardian(tx, district, volunteer_id, "volunteer_number")
        return volunteer_id, None
    entry = (await places.on_file(tx, team, district)).get(new.team)
    if entry is None:
        raise RefusedError(Fault("team", Code.UNKNOWN_REFERENCE))
    if entry["closed_on"] is not None:
        raise RefusedError(Fault("team", Code.CLOSED))
    return None, entry["id"]


async def _tell_ended(tx: AsyncConnection, actor: Actor, household: Row[Any], rows: Sequence[Row[Any]]) -> None:
    teams = await repository.teams_of(tx, actor.district, rows)
    await event_log.append(
        tx,
        [
            NewEvent(
                actor.district,
                row.id,
                row.version,
                PairingEnded(**_of_events(household, row, teams), ended_on=row.ended_on),
                actor.name,
            )
            for row in rows
        ],
    )


def _of_events(household: Row[Any], row: Row[Any], teams: Mapping[UUID, Row[Any]]) -> dict[str, Any]:
    team = teams.get(row.team_id)
    return {
        "pairing_id": row.id,
        "station_id": household.station_id,
        "station_name": household.station_name,
        "volunteer_id": row.volunteer_id,
        "team_id": row.team_id,
        "team_name": team.name if team else None,
        "recipient_ids": tuple(team.leaders or ()) if team else (),
        "rhythm": row.rhythm,
        "starts_on": row.starts_on,
    }


def _is_on(row: Row[Any]) -> PairingIsOn:
    return PairingIsOn(id=row.id, starts_on=row.starts_on, ended_on=row.ended_on, version=row.version)
