"""What is shown of individuals: to the office who they are, masked, and what was talked about; to each their own."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.individuals import repository
from services.registry.individuals.domain.states import InvitationState, Outcome, Way
from services.registry.individuals.domain.suggestions import MOST, in_words, suggest
from services.registry.people.domain.privacy import KeyRing, SealedPerson
from shared.contracts.calendar import district_day
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.event_log import now

_SHOWN = 100


class Individual(BaseModel):
    """A volunteer without a team, masked: when they were last contacted, and to which team they were last invited."""

    id: UUID
    number: str
    name_masked: str
    phone_masked: str
    category: str
    community: str | None
    community_name: str | None
    skills: list[str]
    services: list[str]
    registered_on: date
    last_contacted_on: date | None
    last_outcome: Outcome | None
    invited_to: str | None
    """The team's name."""
    invitation_state: InvitationState | None


class ContactView(BaseModel):
    """A contact, with what it was about."""

    id: UUID
    contacted_on: date
    way: Way
    outcome: Outcome
    note: str
    noted_at: datetime


class SuggestedTeam(BaseModel):
    """A team that suits, and why; fewer points suit better."""

    team: str
    """Its code."""
    name: str
    why: str
    points: int
    is_invited: bool
    """Whether an invitation to it waits for an answer."""


class InvitationView(BaseModel):
    """An invitation to a team and what came of it."""

    id: UUID
    team: str
    team_name: str
    why: str
    state: InvitationState
    invited_at: datetime
    answer_by: datetime
    answered_at: datetime | None


class IndividualInFull(Individual):
    """An individual with contacts, invitations, and the teams that suit best.

    ``is_left_out``: they do not consent to be proposed anything, so nothing is worked out.
    """

    team: str | None
    """The name of the team that they are of by now."""
    contacts: list[ContactView]
    invitations: list[InvitationView]
    suggestions: list[SuggestedTeam]
    is_left_out: bool


class InvitationOfOffice(InvitationView):
    """An invitation in the office's list; the volunteer's name is masked."""

    volunteer_id: UUID
    volunteer_number: str
    name_masked: str


_COLUMNS = """
    SELECT v.id, v.number, v.wrapped_key, v.personal_data, v.category, v.community, d.name AS community_name, v.skills,
           v.services, v.registered_on, t.name AS team, c.contacted_on AS last_contacted_on, c.outcome AS last_outcome,
           i.team_name AS invited_to, i.state AS invitation_state
    FROM volunteer v
    LEFT JOIN team t ON t.district = v.district AND t.id = v.team_id
    LEFT JOIN division d ON d.district = v.district AND d.code = v.community
    LEFT JOIN LATERAL (
        SELECT contacted_on, outcome FROM individual_contact c
        WHERE c.district = v.district AND c.volunteer_id = v.id ORDER BY contacted_on DESC, id DESC LIMIT 1
    ) c ON true
    LEFT JOIN LATERAL (
        SELECT it.name AS team_name, i.state FROM team_invitation i
        JOIN team it ON it.district = i.district AND it.id = i.team_id
        WHERE i.district = v.district AND i.volunteer_id = v.id ORDER BY i.id DESC LIMIT 1
    ) i ON true
    WHERE v.district = :district AND v.restricted_at IS NULL AND v.merged_into_id IS NULL
"""
_PAGE = text(f"""{_COLUMNS}
      AND v.team_id IS NULL AND v.number > :after
      AND (CAST(:community AS text) IS NULL OR v.community = :community)
      AND (CAST(:skill AS text) IS NULL OR :skill = ANY(v.skills))
      AND (CAST(:months AS int) IS NULL OR c.contacted_on IS NULL
           OR c.contacted_on < CAST(:today AS date) - make_interval(months => CAST(:months AS int)))
    ORDER BY v.number LIMIT :limit
""")
_ONE = text(f"{_COLUMNS} AND v.id = :id")
_CONTACTS = text("""
    SELECT id, contacted_on, way, outcome, note, noted_at FROM individual_contact
    WHERE district = :district AND volunteer_id = :id ORDER BY contacted_on DESC, id DESC LIMIT :limit
""")
_INVITATION = """
    SELECT i.id, t.code AS team, t.name AS team_name, i.team_id, i.why, i.state, i.invited_at, i.answer_by,
           i.answered_at
"""
_OF_ONE = text(f"""
    {_INVITATION} FROM team_invitation i JOIN team t ON t.district = i.district AND t.id = i.team_id
    WHERE i.district = :district AND i.volunteer_id = :id ORDER BY i.id DESC LIMIT :limit
""")
_OF_OFFICE = text(f"""
    {_INVITATION}, v.id AS volunteer_id, v.number AS volunteer_number, v.wrapped_key, v.personal_data
    FROM team_invitation i
    JOIN team t ON t.district = i.district AND t.id = i.team_id
    JOIN volunteer v ON v.district = i.district AND v.id = i.volunteer_id
    WHERE i.district = :district AND i.state = :state AND v.restricted_at IS NULL AND v.merged_into_id IS NULL
      AND (CAST(:before AS uuid) IS NULL OR i.id < :before)
    ORDER BY i.id DESC LIMIT :limit
""")


async def find_individuals(
    tx: AsyncConnection,
    keys: KeyRing,
    district: str,
    after: str,
    limit: int,
    *,
    community: str | None,
    skill: str | None,
    months: int | None,
) -> list[Individual]:
    """Return the volunteers without a team, by number, from after a number on.

    ``months``: those alone whom nobody has contacted for so many.
    """
    wanted = {"community": community, "skill": skill, "months": months, "today": district_day(now())}
    rows = await tx.execute(_PAGE, {"district": district, "after": after, "limit": limit, **wanted})
    return [Individual.model_validate(_masked(keys, row)) for row in rows]


async def find_individual(
    tx: AsyncConnection, keys: KeyRing, district: str, volunteer_id: UUID, language: str
) -> IndividualInFull:
    """Return one person with contacts, invitations and the teams that suit best. Raises RefusedError (not_found).

    Who calls it notes the reading in the access log, in the same transaction.
    """
    key = {"district": district, "id": volunteer_id}
    row = (await tx.execute(_ONE, key)).one_or_none()
    found = await repository.candidates(tx, district, volunteer_id)
    if row is None or found is None:
        raise RefusedError(Fault("volunteer_id", Code.NOT_FOUND))
    contacts = await tx.execute(_CONTACTS, {**key, "limit": _SHOWN})
    invitations = (await tx.execute(_OF_ONE, {**key, "limit": _SHOWN})).mappings().all()
    waiting = {each["team_id"] for each in invitations if each["state"] == InvitationState.INVITED}
    suited = [] if found.has_team or found.is_left_out else suggest(found.person, found.teams)
    return IndividualInFull.model_validate(
        {
            **_masked(keys, row),
            "contacts": [
                {**each, "note": keys.open_text(each["id"], each["note"]).decode()} for each in contacts.mappings()
            ],
            "invitations": [_invitation(each, language) for each in invitations],
            "suggestions": [
                SuggestedTeam(
                    team=one.team.code,
                    name=one.team.name,
                    why=in_words(one.why, language),
                    points=one.why["points"],
                    is_invited=one.team.id in waiting,
                )
                for one in suited
                if one.team.id not in found.declined
            ][:MOST],
            "is_left_out": found.is_left_out,
        }
    )


async def own_invitations(
    tx: AsyncConnection, district: str, volunteer_id: UUID, language: str
) -> list[InvitationView]:
    """Return what a volunteer is and was invited to, the newest first."""
    rows = await tx.execute(_OF_ONE, {"district": district, "id": volunteer_id, "limit": _SHOWN})
    return [InvitationView.model_validate(_invitation(row, language)) for row in rows.mappings()]


async def find_invitations(
    tx: AsyncConnection,
    keys: KeyRing,
    district: str,
    state: InvitationState,
    before: UUID | None,
    limit: int,
    *,
    language: str,
) -> list[InvitationOfOffice]:
    """Return a district's invitations in a state, the newest first."""
    values = {"district": district, "state": state.value, "before": before, "limit": limit}
    rows = (await tx.execute(_OF_OFFICE, values)).all()
    return [
        InvitationOfOffice.model_validate(
            {**_masked(keys, row, person_id=row.volunteer_id), **_invitation(row._mapping, language)}  # noqa: SLF001
        )
        for row in rows
    ]


def _invitation(row: Mapping[Any, Any], language: str) -> dict[str, Any]:
    return {**row, "why": in_words(row["why"], language) if row["why"] else ""}


def _masked(keys: KeyRing, row: Any, person_id: UUID | None = None) -> dict[str, Any]:  # noqa: ANN401 - a row
    person = keys.open_person(person_id or row.id, SealedPerson(row.wrapped_key, row.personal_data)).masked()
    return {**row._mapping, "name_masked": person.name, "phone_masked": person.phone}  # noqa: SLF001
