"""Contacts and invitations as they are stored.

Invariant: an invitation is answered, withdrawn or ended once, by a statement that asks for its state, so of an answer
and an end that come together one happens; of one person and team one is open. A note is stored sealed alone.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.allocation.domain.rules import Point
from services.registry.consents.repository import WITHDRAWN
from services.registry.consents.texts import ConsentPurpose
from services.registry.individuals.domain.contact import Contact
from services.registry.individuals.domain.suggestions import Person, Team, Why
from services.registry.people.domain.privacy import KeyRing
from services.registry.places.domain.codes import HEAD_TEAMS_KIND

_INSERT_CONTACT = text("""
    INSERT INTO individual_contact (district, id, volunteer_id, contacted_on, way, outcome, note, noted_by, noted_at)
    VALUES (:district, :id, :volunteer, :contacted_on, :way, :outcome, :note, :noted_by, :noted_at)
""")
# A team's place is its station's, else its organisation's; a person's that of their community's stations, else of
# their organisation. A head team takes its own organisation's people alone. Who does not consent to be proposed
# anything is left out (PIPL art. 24): is_left_out.
_CANDIDATES = text(f"""
    SELECT v.community, v.skills, v.services, v.team_id AS own_team_id,
           v.id IN ({WITHDRAWN}) AS is_left_out,
           coalesce(h.longitude, vo.longitude) AS longitude, coalesce(h.latitude, vo.latitude) AS latitude,
           t.id AS team_id, t.code, t.name, s.division_code AS team_community, t.focus_service,
           coalesce(s.longitude, o.longitude) AS team_longitude, coalesce(s.latitude, o.latitude) AS team_latitude,
           EXISTS (SELECT FROM team_invitation i
                   WHERE i.district = v.district AND i.volunteer_id = v.id AND i.team_id = t.id
                     AND i.state = 'declined') AS is_declined
    FROM volunteer v
    LEFT JOIN organisation vo ON vo.district = v.district AND vo.id = v.organisation_id
    LEFT JOIN LATERAL (
        SELECT avg(longitude) AS longitude, avg(latitude) AS latitude FROM station
        WHERE district = v.district AND division_code = v.community AND closed_on IS NULL
    ) h ON true
    LEFT JOIN team t ON t.district = v.district AND t.closed_on IS NULL
         AND (NOT coalesce(t.is_head, t.kind = '{HEAD_TEAMS_KIND}') OR t.organisation_id = v.organisation_id)
    LEFT JOIN station s ON s.district = t.district AND s.id = t.station_id
    LEFT JOIN organisation o ON o.district = t.district AND o.id = t.organisation_id
    WHERE v.district = :district AND v.id = :volunteer AND v.restricted_at IS NULL AND v.merged_into_id IS NULL
    ORDER BY t.code
""")
_OF_EVENTS = """
    i.id, i.volunteer_id, i.team_id, i.answer_by, i.state, i.version, i.district,
    (SELECT t.name FROM team t WHERE t.district = i.district AND t.id = i.team_id) AS team_name
"""
_INVITE = text(f"""
    INSERT INTO team_invitation AS i (district, id, volunteer_id, team_id, why, state, answer_by, invited_by,
                                      invited_at, version)
    VALUES (:district, :id, :volunteer, :team, CAST(:why AS jsonb), 'invited', :answer_by, :invited_by, :invited_at, 1)
    ON CONFLICT (district, volunteer_id, team_id) WHERE state = 'invited' DO NOTHING
    RETURNING {_OF_EVENTS}
""")
_OPEN = text(f"""
    SELECT {_OF_EVENTS} FROM team_invitation i
    WHERE i.district = :district AND i.volunteer_id = :volunteer AND i.team_id = :team AND i.state = 'invited'
""")
_OWN = text("""
    SELECT i.state, i.answer_by, v.team_id AS own_team_id, t.id AS team_id, t.closed_on
    FROM team_invitation i
    JOIN volunteer v ON v.district = i.district AND v.id = i.volunteer_id
    JOIN team t ON t.district = i.district AND t.id = i.team_id
    WHERE i.district = :district AND i.id = :id AND i.volunteer_id = :volunteer
""")
_ANSWER = text(f"""
    UPDATE team_invitation i SET state = :state, answered_at = :at, version = version + 1
    WHERE i.district = :district AND i.id = :id AND i.volunteer_id = :volunteer AND i.state = 'invited'
      AND i.answer_by > :at
    RETURNING {_OF_EVENTS}
""")
_WITHDRAW = text(f"""
    UPDATE team_invitation i SET state = 'withdrawn', answered_at = :at, version = version + 1
    WHERE i.district = :district AND i.volunteer_id = :volunteer AND i.state = 'invited'
    RETURNING {_OF_EVENTS}
""")
_EXPIRE = text(f"""
    UPDATE team_invitation i SET state = 'expired', version = version + 1
    FROM unnest(CAST(:districts AS text[]), CAST(:ids AS uuid[])) AS r(district, id)
    WHERE i.district = r.district AND i.id = r.id AND i.state = 'invited'
    RETURNING {_OF_EVENTS}
""")


class Candidates(NamedTuple):
    """Somebody as a suggestion sees them, and the open teams that they could join."""

    person: Person
    teams: Sequence[Team]
    declined: frozenset[UUID]
    """Teams that they have declined."""
    has_team: bool
    is_left_out: bool
    """Whether they do not consent to be proposed anything: nothing is worked out for them."""


async def insert_contact(
    tx: AsyncConnection,
    keys: KeyRing,
    district: str,
    key: tuple[UUID, UUID],
    contact: Contact,
    noted: tuple[str, datetime],
) -> None:
    """Put a contact on file; ``key`` is its id and its volunteer's, ``noted`` by whom and when."""
    contact_id, volunteer_id = key
    noted_by, noted_at = noted
    await tx.execute(
        _INSERT_CONTACT,
        {
            "district": district,
            "id": contact_id,
            "volunteer": volunteer_id,
            "contacted_on": contact.contacted_on,
            "way": contact.way,
            "outcome": contact.outcome,
            "note": keys.seal_text(contact_id, contact.note.encode()),
            "noted_by": noted_by,
            "noted_at": noted_at,
        },
    )


async def candidates(tx: AsyncConnection, district: str, volunteer_id: UUID) -> Candidates | None:
    """Return somebody with the open teams that they could join; None where there is nobody."""
    values = {"district": district, "volunteer": volunteer_id, "purpose": ConsentPurpose.PROPOSALS.value}
    rows = (await tx.execute(_CANDIDATES, values)).all()
    if not rows:
        return None
    first = rows[0]
    point = _point(first.longitude, first.latitude)
    teams = [
        Team(
            row.team_id,
            row.code,
            row.name,
            row.team_community,
            row.focus_service or "",
            _point(row.team_longitude, row.team_latitude),
        )
        for row in rows
        if row.team_id is not None
    ]
    return Candidates(
        Person(first.community, tuple(first.skills), tuple(first.services), point),
        teams,
        frozenset(row.team_id for row in rows if row.is_declined),
        first.own_team_id is not None,
        first.is_left_out,
    )


def _point(longitude: float | None, latitude: float | None) -> Point | None:
    return None if longitude is None or latitude is None else (longitude, latitude)


async def invite(
    tx: AsyncConnection,
    district: str,
    key: tuple[UUID, UUID, UUID],
    why: Why | None,
    answer_by: datetime,
    invited: tuple[str, datetime],
) -> Row[Any] | None:
    """Put an invitation on file; ``key``: its id, its volunteer's, its team's. None where one of them is open."""
    invitation_id, volunteer_id, team_id = key
    invited_by, invited_at = invited
    values = {
        "district": district,
        "id": invitation_id,
        "volunteer": volunteer_id,
        "team": team_id,
        "why": json.dumps(why) if why else None,
        "answer_by": answer_by,
        "invited_by": invited_by,
        "invited_at": invited_at,
    }
    return (await tx.execute(_INVITE, values)).one_or_none()


async def open_invitation(tx: AsyncConnection, district: str, volunteer_id: UUID, team_id: UUID) -> Row[Any] | None:
    """Return the invitation of a volunteer to a team that is open."""
    values = {"district": district, "volunteer": volunteer_id, "team": team_id}
    return (await tx.execute(_OPEN, values)).one_or_none()


async def own_invitation(
    tx: AsyncConnection, district: str, invitation_id: UUID, volunteer_id: UUID
) -> Row[Any] | None:
    """Return how a volunteer's own invitation stands, its team, and the team that they are of by now."""
    values = {"district": district, "id": invitation_id, "volunteer": volunteer_id}
    return (await tx.execute(_OWN, values)).one_or_none()


async def answer(
    tx: AsyncConnection, district: str, invitation_id: UUID, volunteer_id: UUID, state: str, at: datetime
) -> Row[Any] | None:
    """Note a volunteer's answer; return the invitation, or None where it cannot be answered (any more)."""
    values = {"district": district, "id": invitation_id, "volunteer": volunteer_id, "state": state, "at": at}
    return (await tx.execute(_ANSWER, values)).one_or_none()


async def withdraw(tx: AsyncConnection, district: str, volunteer_id: UUID, at: datetime) -> Sequence[Row[Any]]:
    """Take back what a volunteer has not answered; return those invitations."""
    return (await tx.execute(_WITHDRAW, {"district": district, "volunteer": volunteer_id, "at": at})).all()


async def expire(tx: AsyncConnection, asked: Sequence[tuple[str, UUID]]) -> Sequence[Row[Any]]:
    """End those of these (district, id) that nobody has answered, and return them."""
    values = {"districts": [district for district, _ in asked], "ids": [one for _, one in asked]}
    return (await tx.execute(_EXPIRE, values)).all()
