"""Pages of individuals: the centre's list, one of them with contacts and suggestions, and one's own invitations.

Invariant: a form that is refused comes back as it was typed, with every fault beside its field. Nothing is decided
here: which teams suit, and that nobody is of a team who has not accepted, is registry's (ADR 0059).
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Response

from services.portal.individuals import queries
from services.portal.individuals.forms import ContactForm, InvitationForm
from services.portal.sessions.dependencies import page_for
from services.portal.sessions.visits import Visit
from services.portal.shell.dependencies import KeptAnswers
from services.portal.shell.forms import faults_of
from services.portal.shell.ids import id_of
from shared.contracts.actor import Role
from shared.contracts.calendar import district_day
from shared.http.upstream import Change, RefusedByServiceError, unless_away
from shared.store.event_log import now

router = APIRouter(include_in_schema=False)

OFFICE = "/staff/individuals"
OWN = "/me/team-invitations"
MONTHS = ("1", "3", "6", "12")
Centre = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN))]
Volunteer = Annotated[Visit, Depends(page_for(own=[Role.VOLUNTEER]))]
Cursor = Annotated[str | None, Query(max_length=500)]
_A_WHILE = timedelta(days=14)
"""How long somebody has to answer, unless the centre says otherwise."""
_FIELDS = {"answer_by": "answer_on", "team_id": "team", "volunteer_id": "team"}
"""Registry's fields that are called otherwise in the form."""


@router.get(OFFICE)
async def list_individuals(
    visit: Centre,
    kept: KeptAnswers,
    community: Annotated[str, Query(max_length=20)] = "",
    skill: Annotated[str, Query(max_length=32)] = "",
    months: Annotated[str, Query(max_length=2)] = "",
    cursor: Cursor = None,
) -> Response:
    """List who is of no team, by community, skill, and how long ago anybody has contacted them."""
    chosen = {"community": community, "skill": skill, "months": months if months in MONTHS else ""}
    asked = {name: value or None for name, value in chosen.items()}
    found, communities = await asyncio.gather(
        unless_away(visit.calls.read(queries.INDIVIDUALS, **asked, cursor=cursor)),
        queries.communities(visit.calls, kept, visit.district),
    )
    shown = {"found": found, "chosen": chosen, "communities": communities, "all_months": MONTHS}
    return visit.page("individuals/list.html", **shown)


@router.get(OFFICE + "/invitations")
async def list_invitations(visit: Centre, state: str = "invited", cursor: Cursor = None) -> Response:
    """List what came of the invitations to teams."""
    chosen = state if state in queries.STATES else queries.STATES[0]
    found = await unless_away(visit.calls.read(queries.INVITATIONS, state=chosen, cursor=cursor))
    return visit.page("individuals/invitations.html", found=found, chosen=chosen, states=queries.STATES)


@router.get(OFFICE + "/{volunteer_id}")
async def show_individual(visit: Centre, kept: KeptAnswers, volunteer_id: str, done: str = "") -> Response:
    """Show somebody with what was talked about, and the teams and projects that suit."""
    return await _individual(visit, kept, id_of(volunteer_id), done=done)


@router.post(OFFICE + "/{volunteer_id}/contacts")
async def contact(
    visit: Centre, kept: KeptAnswers, volunteer_id: str, form: Annotated[ContactForm, Form()]
) -> Response:
    """Note that somebody was contacted."""
    found = id_of(volunteer_id)
    faults = await _sent(visit, queries.CONTACT, found, form)
    if faults:
        return await _individual(visit, kept, found, form=form, faults=faults)
    return visit.go(f"{OFFICE}/{found}?done=contacted")


@router.post(OFFICE + "/{volunteer_id}/invitations")
async def invite(
    visit: Centre, kept: KeptAnswers, volunteer_id: str, form: Annotated[InvitationForm, Form()]
) -> Response:
    """Ask somebody to join a team."""
    found = id_of(volunteer_id)
    faults = await _sent(visit, queries.INVITE, found, form, _FIELDS)
    if faults:
        return await _individual(visit, kept, found, inviting=form, faults=faults)
    return visit.go(f"{OFFICE}/{found}?done=invited")


async def _sent(
    visit: Visit,
    what: Change[Any],
    volunteer_id: UUID,
    form: ContactForm | InvitationForm,
    fields: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, str]:
    """Send a form about somebody to registry; return what is wrong with it, by field of the form.

    ``fields``: what the form calls those that registry calls otherwise.
    """
    if faults := form.faults(visit.look.language):
        return faults
    try:
        await visit.calls.change(what, form.body(), key=form.key or None, volunteer_id=volunteer_id)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        return {fields.get(field, field): sentence for field, sentence in faults_of(refused).items()}
    return {}


async def _individual(
    visit: Visit,
    kept: KeptAnswers,
    volunteer_id: UUID,
    *,
    done: str = "",
    form: ContactForm | None = None,
    inviting: InvitationForm | None = None,
    faults: dict[str, str] | None = None,
) -> Response:
    one = await visit.calls.read(queries.INDIVIDUAL, volunteer_id=volunteer_id)
    today = district_day(now())
    until = district_day(now() + _A_WHILE)
    shown = {
        "one": one,
        "projects": await queries.projects(visit.calls, kept, visit.district, one.services),
        "done": done,
        "today": today,
        "form": form or ContactForm(contacted_on=today.isoformat()),
        "inviting": inviting or InvitationForm(answer_on=until.isoformat()),
        "faults": faults or {},
    }
    return visit.page("individuals/one.html", 422 if faults else 200, **shown)


@router.get(OWN)
async def show_own(visit: Volunteer, done: str = "") -> Response:
    """Show the teams that one is invited to, why, and what one has answered."""
    return await _own(visit, done=done)


@router.post(OWN + "/{invitation_id}/{answer}")
async def answer(
    visit: Volunteer,
    invitation_id: str,
    answer: Literal["accept", "decline"],
    key: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Accept or decline; either is as good."""
    body = {"accepted": answer == "accept"}
    try:
        await visit.calls.change(queries.ANSWER, body, key=key or None, invitation_id=id_of(invitation_id))
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        return await _own(visit, refused=refused)
    return visit.go(f"{OWN}?done={answer}")


async def _own(visit: Visit, done: str = "", refused: RefusedByServiceError | None = None) -> Response:
    found = await unless_away(visit.calls.read(queries.OWN_INVITATIONS))
    faults = faults_of(refused) if refused else {}
    status = refused.status if refused else 200
    return visit.page("individuals/mine.html", status, invitations=found, done=done, faults=faults)
