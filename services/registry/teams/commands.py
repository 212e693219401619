"""Asking for a team, answering that, and what happens to a team that is there: another name, another place, its end.

Invariant: a team's code is never given twice, and a team that has ended stays on the register with all that was served
in it: only who is a member changes, from now on. Members follow as work (``members``), leaders at once.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.accounts import changes as accounts
from services.registry.people.repository import lock_district
from services.registry.places import repository as places
from services.registry.places.domain.fields import Fields
from services.registry.places.domain.reference import NAME_LENGTH
from services.registry.places.tables import team
from services.registry.teams import repository
from services.registry.teams.domain.formation import FormationState, next_code, read_wish
from shared.contracts import (
    Event,
    TeamChanged,
    TeamClosed,
    TeamFormationApproved,
    TeamFormationAsked,
    TeamFormationRefused,
    TeamRegistered,
)
from shared.contracts.actor import Actor, Reach
from shared.contracts.calendar import district_day
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store import event_log
from shared.store.event_log import NewEvent, new_id, now
from shared.work.kind import NewWork
from shared.work.queue import schedule

MEMBERS = "team_members"
"""The kind of work that lets members follow."""
LEAST_REASON = 2


class FormationNoted(BaseModel):
    """A request as it is now; ``team_id`` is the team that it has become."""

    id: UUID
    state: str
    team_id: UUID | None
    version: int


class TeamNoted(BaseModel):
    """A team's entry as it is now."""

    id: UUID
    code: str
    name: str
    closed_on: date | None
    version: int


async def ask_for_team(tx: AsyncConnection, actor: Actor, values: Mapping[str, str]) -> FormationNoted:
    """Ask for a team to be formed.

    Raises RefusedError with every fault found; ``forbidden`` where neither the station nor the organisation is one
    that the actor leads a team of, or manages.
    """
    organisations = await repository.open_organisations(tx, actor.district)
    stations = await repository.open_stations(tx, actor.district)
    wish = read_wish(values, organisations, stations)
    if actor.reach is not Reach.DISTRICT and not await repository.is_within(
        tx, actor.district, list(actor.scope.units), wish.organisation_id, wish.station_id
    ):
        raise RefusedError(Fault("station_code" if wish.station_id else "organisation_code", Code.FORBIDDEN))
    if await repository.is_named(tx, actor.district, wish.name):
        raise RefusedError(Fault("name", Code.ALREADY_REGISTERED))
    formation_id = new_id()
    asked = (actor.name, actor.volunteer_id, now())
    await repository.insert(tx, actor.district, formation_id, wish, asked, FormationState.ASKED)
    event = TeamFormationAsked(
        formation_id=formation_id,
        name=wish.name,
        kind=wish.kind,
        organisation_id=wish.organisation_id,
        station_id=wish.station_id,
        asked_by_volunteer_id=actor.volunteer_id,
    )
    await event_log.append(tx, [NewEvent(actor.district, formation_id, 1, event, actor.name)])
    return FormationNoted(id=formation_id, state=FormationState.ASKED, team_id=None, version=1)


async def answer_formation(
    tx: AsyncConnection, actor: Actor, formation_id: UUID, *, approved: bool, reason: str
) -> FormationNoted:
    """Approve or refuse a request; an officer of a guiding body those of organisations that it guides.

    Raises RefusedError: ``not_found``, ``not_open`` where it is answered, a refusal's ``reason`` is missing; of an
    approval ``closed`` (organisation or station), ``already_registered`` (the name).
    """
    asked = await repository.lock(tx, actor.district, formation_id)
    if asked is None or not (actor.reach is Reach.DISTRICT or asked.guiding_body_id in actor.scope.units):
        raise RefusedError(Fault("formation_id", Code.NOT_FOUND))
    if asked.state != FormationState.ASKED:
        raise RefusedError(Fault("formation_id", Code.NOT_OPEN))
    if not approved and len(reason) < LEAST_REASON:
        raise RefusedError(Fault("reason", Code.MISSING))
    team_id = await _form(tx, actor, asked) if approved else None
    state = FormationState.APPROVED if approved else FormationState.REFUSED
    version = await repository.note_answer(
        tx, actor.district, formation_id, state=state, answered_at=now(), reason=reason, team_id=team_id
    )
    same = {name: getattr(asked, name) for name in OF_EVENTS} | {"formation_id": formation_id}
    event = TeamFormationApproved(**same, team_id=team_id) if team_id else TeamFormationRefused(**same, reason=reason)
    await event_log.append(tx, [NewEvent(actor.district, formation_id, version, event, actor.name)])
    return FormationNoted(id=formation_id, state=state, team_id=team_id, version=version)


OF_EVENTS = ("name", "kind", "organisation_id", "station_id", "asked_by_volunteer_id")
"""What the events of a request say of it."""


async def _form(tx: AsyncConnection, actor: Actor, asked: Any) -> UUID:  # noqa: ANN401 - a row
    if asked.organisation_closed or asked.station_closed:
        raise RefusedError(Fault("organisation_code" if asked.organisation_closed else "station_code", Code.CLOSED))
    await lock_district(tx, actor.district)
    if await repository.is_named(tx, actor.district, asked.name):
        raise RefusedError(Fault("name", Code.ALREADY_REGISTERED))
    row = {name: getattr(asked, name) for name in ("name", "kind", "organisation_id", "station_id", "focus_service")}
    row |= {"code": next_code(actor.district, await repository.team_codes(tx, actor.district))}
    team_id = new_id()
    await repository.insert_team(tx, district=actor.district, id=team_id, **row)
    event = TeamRegistered.model_validate({**row, "team_id": team_id})
    await event_log.append(tx, [NewEvent(actor.district, team_id, 1, event, actor.name)])
    return team_id


async def rename_team(tx: AsyncConnection, actor: Actor, team_id: UUID, name: str) -> TeamNoted:
    """Give a team another name. Raises RefusedError: ``not_found``, ``closed``, the name's faults."""
    fields = Fields({"name": name})
    plain = fields.name("name", NAME_LENGTH)
    if plain is None:
        raise RefusedError(*fields.faults)
    before = await _open_team(tx, actor, team_id)
    if await repository.is_named(tx, actor.district, plain, but=team_id):
        raise RefusedError(Fault("name", Code.ALREADY_REGISTERED))
    return await _change(tx, actor, before, TeamChanged, name=plain)


async def move_team(tx: AsyncConnection, actor: Actor, team_id: UUID, values: Mapping[str, str]) -> TeamNoted:
    """Let a team be of another organisation or at another station; empty: of none.

    Its members stay with their own organisations. Raises RefusedError: ``not_found``, ``closed``, and of the values
    ``unknown_reference``, or ``missing`` where the team would be of nothing at all.
    """
    before = await _open_team(tx, actor, team_id)
    fields = Fields(values)
    organisation_id = fields.reference("organisation_code", await repository.open_organisations(tx, actor.district))
    station_id = fields.reference("station_code", await repository.open_stations(tx, actor.district))
    if not fields.faults and not (organisation_id or station_id):
        fields.fault("station_code", Code.MISSING)
    if fields.faults:
        raise RefusedError(*fields.faults)
    return await _change(tx, actor, before, TeamChanged, organisation_id=organisation_id, station_id=station_id)


async def merge_team(tx: AsyncConnection, actor: Actor, team_id: UUID, into_code: str) -> TeamNoted:
    """Merge a team into another: its members and leaders are that one's from now on, and it is closed.

    What was served in it stays its own. Raises RefusedError: ``not_found``, ``closed``; of ``into`` that it is not an
    open team (unknown_reference) or the same one (named_twice).
    """
    await lock_district(tx, actor.district)
    before = await _open_team(tx, actor, team_id)
    teams = await places.on_file(tx, team, actor.district)
    fields = Fields({"into": into_code})
    into_id = fields.reference(
        "into", {code: entry["id"] for code, entry in teams.items() if not entry["closed_on"]}, required=True
    )
    if into_id == team_id:
        fields.fault("into", Code.NAMED_TWICE)
    if into_id is None or fields.faults:
        raise RefusedError(*fields.faults)
    today = district_day(now())
    noted = await _change(tx, actor, before, TeamClosed, closed_on=today, merged_into_id=into_id)
    await accounts.replace_unit(tx, actor, team_id, into_id)
    await _let_members_follow(tx, actor, team_id)
    return noted


async def close_team(tx: AsyncConnection, actor: Actor, team_id: UUID, closed_on: date | None) -> TeamNoted:
    """Dissolve a team from a day on, today where none is named: its members serve as individuals.

    Activities are a station's and name no team: what its leaders have published goes on in the station's hands
    (ADR 0051). Raises RefusedError: ``not_found``, ``closed`` already, a day ``in_future``.
    """
    today = district_day(now())
    day = closed_on or today
    if day > today:
        raise RefusedError(Fault("closed_on", Code.IN_FUTURE))
    await lock_district(tx, actor.district)
    before = await _open_team(tx, actor, team_id)
    noted = await _change(tx, actor, before, TeamClosed, closed_on=day)
    await accounts.replace_unit(tx, actor, team_id, None)
    await _let_members_follow(tx, actor, team_id)
    return noted


async def _let_members_follow(tx: AsyncConnection, actor: Actor, team_id: UUID) -> None:
    await schedule(tx, [NewWork(district=actor.district, kind=MEMBERS, payload={"team_id": str(team_id)})])


async def _open_team(tx: AsyncConnection, actor: Actor, team_id: UUID) -> RowMapping:
    found = await places.lock(tx, team, actor.district, team_id)
    if found is None or found["closed_on"]:
        raise RefusedError(Fault("team_id", Code.CLOSED if found else Code.NOT_FOUND))
    return found


async def _change(
    tx: AsyncConnection, actor: Actor, before: RowMapping, event: type[Event], **values: object
) -> TeamNoted:
    """Change a team that is open and announce it; what is so already changes nothing."""
    entry = before
    if any(before[name] != value for name, value in values.items()):
        entry = await places.change(tx, team, actor.district, before["id"], **values) or before
        told = event.model_validate({**entry, "team_id": entry["id"]})
        await event_log.append(tx, [NewEvent(actor.district, entry["id"], entry["version"], told, actor.name)])
    return TeamNoted(**{name: entry[name] for name in TeamNoted.model_fields})
