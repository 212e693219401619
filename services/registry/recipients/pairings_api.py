"""Pairings over HTTP: begun, visited and ended by who is assigned to the household; a volunteer sees their own."""

from datetime import date
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from services.registry.people.dependencies import KeyedIdempotencyKey, Keys
from services.registry.recipients import pairings, queries
from services.registry.recipients.domain.pairing import Rhythm
from services.registry.recipients.pairings import NewPairing, NewVisit, PairingIsOn, VisitNoted
from services.registry.recipients.queries import OwnPairing, VisitView
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.forms import Number, Paragraphs
from shared.http.idempotency import idempotent
from shared.http.pages import Page, RequestedPage

router = APIRouter(prefix="/v1", tags=["recipients"])

CaseWorker = Annotated[Caller, Depends(caller_with(own=[Role.CASE_WORKER]))]
Reader = Annotated[
    Caller, Depends(caller_with(Role.DISTRICT_ADMIN, units=[Role.STATION_MANAGER], own=[Role.CASE_WORKER]))
]
Self = Annotated[Caller, Depends(caller_with(own=[Role.VOLUNTEER]))]


class PairingForm(BaseModel):
    """A pairing with a volunteer (number) or a team (code), how often they visit, and for how long it is agreed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"volunteer_number": "51011500000001", "rhythm": "weekly", "starts_on": "2026-12-01"},
                {"team": "510115-TEAM-001", "rhythm": "monthly", "starts_on": "2026-12-01", "ends_on": "2027-11-30"},
            ]
        }
    )

    volunteer_number: Annotated[Number, Field(max_length=100)] = ""
    team: Annotated[Number, Field(max_length=100)] = ""
    rhythm: Rhythm
    starts_on: date
    ends_on: date | None = None


class EndingForm(BaseModel):
    """The last day of a pairing; today where none is named."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ended_on": "2027-11-30"}]})

    ended_on: date | None = None


class VisitForm(BaseModel):
    """A visit: when, how long, who of a team was there, and what to know of it, which is sealed."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"visited_on": "2026-12-05", "minutes": 60, "note": "一切都好"}]}
    )

    visited_on: date
    minutes: Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]
    volunteer_number: Annotated[Number, Field(max_length=100)] = ""
    note: Annotated[Paragraphs, Field(max_length=2000)] = ""


@router.post("/households/{household_id}/pairings", status_code=201, response_model=PairingIsOn)
async def begin_pairing(
    household_id: UUID, form: PairingForm, store: ApiStore, caller: CaseWorker, key: KeyedIdempotencyKey
) -> Response:
    """Pair a volunteer or a team with a household; a volunteer is told, of the station and not of the household."""
    new = NewPairing(**form.model_dump())
    async with store.transaction(caller.district) as tx:
        command = partial(pairings.begin_pairing, tx, caller, caller.account_id, household_id, new)
        return await idempotent(tx, caller, key, 201, command)


@router.post("/pairings/{pairing_id}/ending", response_model=PairingIsOn)
async def end_pairing(
    pairing_id: UUID, form: EndingForm, store: ApiStore, caller: CaseWorker, key: KeyedIdempotencyKey
) -> Response:
    """End a pairing; a volunteer is told."""
    async with store.transaction(caller.district) as tx:
        command = partial(pairings.end_pairing, tx, caller, caller.account_id, pairing_id, form.ended_on)
        return await idempotent(tx, caller, key, 200, command)


@router.post("/pairings/{pairing_id}/visits", status_code=201, response_model=VisitNoted)
async def note_visit(
    pairing_id: UUID, form: VisitForm, store: ApiStore, keys: Keys, caller: CaseWorker, key: KeyedIdempotencyKey
) -> Response:
    """Note a visit to a household."""
    new = NewVisit(**form.model_dump())
    async with store.transaction(caller.district) as tx:
        command = partial(pairings.note_visit, tx, keys, caller, caller.account_id, pairing_id, new)
        return await idempotent(tx, caller, key, 201, command)


@router.get("/pairings/{pairing_id}/visits")
async def list_visits(pairing_id: UUID, store: ApiStore, caller: Reader, page: RequestedPage) -> Page[VisitView]:
    """List a pairing's visits, the newest first, without their notes."""
    before = page.position(date.fromisoformat, UUID)
    async with store.transaction(caller.district) as tx:
        found = await queries.find_visits(tx, caller, caller.account_id, pairing_id, before, page.limit + 1)
    return Page.of(found, page.limit, lambda visit: (visit.visited_on.isoformat(), str(visit.id)))


@router.get("/me/pairings")
async def list_own_pairings(store: ApiStore, caller: Self) -> list[OwnPairing]:
    """List the volunteer's own pairings, those that go on first."""
    if caller.volunteer_id is None:
        return []
    async with store.transaction(caller.district) as tx:
        return await queries.own_pairings(tx, caller.district, caller.volunteer_id)
