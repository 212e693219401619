"""Individuals over HTTP: the office lists, contacts and invites them; a volunteer sees and answers their own."""

from datetime import date
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.registry.individuals import queries
from services.registry.individuals.commands import (
    ContactNoted,
    InvitationStands,
    answer_invitation,
    invite_to_team,
    note_contact,
    read_individual,
)
from services.registry.individuals.domain.contact import Contact
from services.registry.individuals.domain.states import InvitationState
from services.registry.individuals.queries import Individual, IndividualInFull, InvitationOfOffice, InvitationView
from services.registry.people.dependencies import KeyedIdempotencyKey, Keys
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.forms import Line, Number, Paragraphs
from shared.http.idempotency import IdempotencyKey, idempotent
from shared.http.pages import Page, RequestedPage
from shared.http.problems import language_of

router = APIRouter(prefix="/v1", tags=["individuals"])

Office = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN))]
Self = Annotated[Caller, Depends(caller_with(own=[Role.VOLUNTEER]))]


class ContactForm(BaseModel):
    """When and how somebody was contacted, what it was about in a short note, and what came of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "contacted_on": "2026-11-20",
                    "way": "phone",
                    "outcome": "wants_team",
                    "note": "周末有空，想参加法律咨询。",
                }
            ]
        }
    )

    contacted_on: date | None = None
    way: Line = ""
    outcome: Line = ""
    note: Paragraphs = ""

    def contact(self) -> Contact:
        """Return it as the rules want it; the note in one line."""
        return Contact(self.contacted_on, self.way, self.outcome, " ".join(self.note.split()))


class InvitationForm(BaseModel):
    """The code of the team that somebody is asked to join, and until when they answer."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"team": "510115-TEAM-008", "answer_by": "2026-12-15T15:59:59Z"}]}
    )

    team: Number = ""
    answer_by: AwareDatetime | None = None


class InvitationAnswer(BaseModel):
    """Whether the invitation is accepted."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"accepted": True}]})

    accepted: bool


@router.get("/individuals")
async def list_individuals(
    store: ApiStore,
    keys: Keys,
    caller: Office,
    page: RequestedPage,
    community: Annotated[str | None, Query(max_length=20, description="code of the community they live in")] = None,
    skill: Annotated[str | None, Query(max_length=32, description="code of a skill")] = None,
    months: Annotated[
        int | None, Query(ge=1, le=36, description="those whom nobody has contacted for so many months")
    ] = None,
) -> Page[Individual]:
    """List the district's volunteers who are of no team, masked, by number."""
    (after,) = page.position(str) or ("",)
    async with store.transaction(caller.district) as tx:
        found = await queries.find_individuals(
            tx,
            keys,
            caller.district,
            after,
            page.limit + 1,
            community=community or None,
            skill=skill or None,
            months=months,
        )
    return Page.of(found, page.limit, lambda one: (one.number,))


@router.get("/individuals/{volunteer_id}")
async def show_individual(
    volunteer_id: UUID, request: Request, store: ApiStore, keys: Keys, caller: Office
) -> IndividualInFull:
    """Show what was talked about with somebody, and the teams that suit; the reading stands in the access log."""
    async with store.transaction(caller.district) as tx:
        return await read_individual(tx, keys, caller, volunteer_id, language_of(request))


@router.post("/individuals/{volunteer_id}/contacts", status_code=201, response_model=ContactNoted)
async def contact(
    volunteer_id: UUID, form: ContactForm, store: ApiStore, keys: Keys, caller: Office, key: KeyedIdempotencyKey
) -> Response:
    """Note that somebody was contacted."""
    async with store.transaction(caller.district) as tx:
        command = partial(note_contact, tx, keys, caller, volunteer_id, form.contact())
        return await idempotent(tx, caller, key, 201, command)


@router.post("/individuals/{volunteer_id}/invitations", status_code=201, response_model=InvitationStands)
async def invite(
    volunteer_id: UUID, form: InvitationForm, store: ApiStore, caller: Office, key: IdempotencyKey
) -> Response:
    """Ask somebody to join a team; they are told, and accept or decline until the date."""
    async with store.transaction(caller.district) as tx:
        command = partial(invite_to_team, tx, caller, volunteer_id, form.team, form.answer_by)
        return await idempotent(tx, caller, key, 201, command)


@router.get("/team-invitations")
async def list_invitations(
    request: Request,
    store: ApiStore,
    keys: Keys,
    caller: Office,
    page: RequestedPage,
    state: InvitationState = InvitationState.INVITED,
) -> Page[InvitationOfOffice]:
    """List the district's invitations to teams in a state, the newest first."""
    (before,) = page.position(UUID) or (None,)
    async with store.transaction(caller.district) as tx:
        found = await queries.find_invitations(
            tx, keys, caller.district, state, before, page.limit + 1, language=language_of(request)
        )
    return Page.of(found, page.limit, lambda one: (str(one.id),))


@router.get("/me/team-invitations")
async def list_own_invitations(request: Request, store: ApiStore, caller: Self) -> list[InvitationView]:
    """List the teams that the volunteer who asks is and was invited to, the newest first, and why."""
    if caller.volunteer_id is None:
        return []
    async with store.transaction(caller.district) as tx:
        return await queries.own_invitations(tx, caller.district, caller.volunteer_id, language_of(request))


@router.post("/team-invitations/{invitation_id}/answer", response_model=InvitationStands)
async def answer(
    invitation_id: UUID, form: InvitationAnswer, store: ApiStore, keys: Keys, caller: Self, key: IdempotencyKey
) -> Response:
    """Accept or decline an invitation; declining has no drawback."""
    async with store.transaction(caller.district) as tx:
        command = partial(answer_invitation, tx, keys, caller, invitation_id, accepted=form.accepted)
        return await idempotent(tx, caller, key, 200, command)
