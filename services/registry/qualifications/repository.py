"""Qualifications as they are stored.

Invariant: a state changes by one statement that names the states it may come from, so whoever comes second changes
nothing; the number, the issuer and the picture are stored sealed alone, under a key of the qualification's own.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.people.domain.privacy import KeyRing
from services.registry.qualifications.domain import Paper, QualificationState
from services.registry.qualifications.tables import qualification
from shared.contracts.evidence import media_type_of

_INSERT = insert(qualification)
_WAITING = text("""
    SELECT count(*) FROM qualification
    WHERE district = :district AND volunteer_id = :volunteer AND state = 'submitted'
""")
_OF_EVENTS = "id, volunteer_id, kind, issued_on, expires_on, version"
_CHANGE = text(f"""
    UPDATE qualification SET state = :state, reason = CAST(:reason AS text), version = version + 1,
        decided_at = CAST(:at AS timestamptz), decided_by = :by, ended_at = CAST(:ended_at AS timestamptz)
    WHERE district = :district AND id = :id AND state = :before
    RETURNING {_OF_EVENTS}
""")
_STANDING = text("SELECT volunteer_id, expires_on FROM qualification WHERE district = :district AND id = :id")
# of the kind, the same volunteer's, and holding for longer
_NEWER = """
    EXISTS (SELECT FROM qualification n
            WHERE n.district = q.district AND n.volunteer_id = q.volunteer_id AND n.kind = q.kind AND n.id <> q.id
              AND n.state = 'verified' AND (n.expires_on IS NULL OR n.expires_on > q.expires_on))
"""
_ASKED = "unnest(CAST(:districts AS text[]), CAST(:ids AS uuid[])) AS r(district, id)"
_OF_Q = "q.district, q.id, q.volunteer_id, q.kind, q.issued_on, q.expires_on, q.version"
_NOTE_EXPIRING = text(f"""
    UPDATE qualification q SET version = q.version + 1 FROM {_ASKED}
    WHERE q.district = r.district AND q.id = r.id AND q.state = 'verified' AND NOT {_NEWER}
    RETURNING {_OF_Q}
""")
_EXPIRE = text(f"""
    UPDATE qualification q SET state = 'expired', ended_at = :at, version = q.version + 1 FROM {_ASKED}
    WHERE q.district = r.district AND q.id = r.id AND q.state = 'verified'
    RETURNING {_OF_Q}, {_NEWER} AS is_renewed
""")


@dataclass(frozen=True, slots=True, repr=False)
class Details:
    """What of a qualification is stored sealed."""

    issued_by: str
    number: str


async def count_waiting(tx: AsyncConnection, district: str, volunteer_id: UUID) -> int:
    """Return how many of a volunteer the office has not looked at."""
    return await tx.scalar(_WAITING, {"district": district, "volunteer": volunteer_id}) or 0


async def insert_qualification(
    tx: AsyncConnection,
    keys: KeyRing,
    district: str,
    key: tuple[UUID, UUID],
    paper: Paper,
    evidence: bytes | None,
    at: datetime,
) -> None:
    """Put a qualification on file as submitted; ``key`` is its id and its volunteer's."""
    qualification_id, volunteer_id = key
    wrapped = keys.new_paper_key(qualification_id)
    details = json.dumps([paper.issued_by, paper.number], ensure_ascii=False).encode()
    await tx.execute(
        _INSERT,
        {
            "district": district,
            "id": qualification_id,
            "volunteer_id": volunteer_id,
            "kind": paper.kind,
            "issued_on": paper.issued_on,
            "expires_on": paper.expires_on,
            "state": QualificationState.SUBMITTED,
            "wrapped_key": wrapped,
            "details": keys.seal_paper(qualification_id, wrapped, "details", details),
            "evidence": evidence and keys.seal_paper(qualification_id, wrapped, "evidence", evidence),
            "evidence_type": evidence and media_type_of(evidence),
            "submitted_at": at,
            "version": 1,
        },
    )


def open_details(keys: KeyRing, row: Any) -> Details:  # noqa: ANN401 - a row of the driver's
    """Return what of a row is sealed, but for its picture."""
    return Details(*json.loads(keys.open_paper(row.id, row.wrapped_key, "details", row.details)))


async def change_state(
    tx: AsyncConnection,
    district: str,
    qualification_id: UUID,
    states: tuple[QualificationState, QualificationState],
    reason: str | None,
    at: datetime,
    by: str,
) -> Row[Any] | None:
    """Move a qualification from the first of the states to the second; None where it is not in the first."""
    before, after = states
    values: dict[str, object] = {"district": district, "id": qualification_id, "before": before, "state": after}
    ended_at = None if after is QualificationState.VERIFIED else at
    values |= {"reason": reason, "at": at, "ended_at": ended_at, "by": by}
    return (await tx.execute(_CHANGE, values)).one_or_none()


class Standing(NamedTuple):
    """Whose a qualification is, and its last day."""

    volunteer_id: UUID
    expires_on: date | None


async def standing_of(tx: AsyncConnection, district: str, qualification_id: UUID) -> Standing | None:
    """Return whose a qualification is and its last day, or None where there is none of this id."""
    row = (await tx.execute(_STANDING, {"district": district, "id": qualification_id})).one_or_none()
    return Standing(*row) if row else None


async def note_expiring(tx: AsyncConnection, asked: Sequence[tuple[str, UUID]]) -> Sequence[Row[Any]]:
    """Give those of these (district, id) a new version that hold and of which there is no newer one; return them."""
    return (await tx.execute(_NOTE_EXPIRING, _keys(asked))).all()


async def expire(tx: AsyncConnection, asked: Sequence[tuple[str, UUID]], at: datetime) -> Sequence[Row[Any]]:
    """End those of these (district, id) that hold, and return them; ``is_renewed`` where a newer one holds."""
    return (await tx.execute(_EXPIRE, {**_keys(asked), "at": at})).all()


def _keys(asked: Sequence[tuple[str, UUID]]) -> dict[str, object]:
    return {"districts": [district for district, _ in asked], "ids": [one for _, one in asked]}
