"""What is shown of qualifications: to a volunteer their own, to the office whom they are of, masked in lists."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.people.domain.privacy import KeyRing, SealedPerson
from services.registry.qualifications.domain import QualificationState
from services.registry.qualifications.repository import open_details
from shared.contracts.actor import Actor, Reach
from shared.contracts.faults import Code, Fault, RefusedError

_OWN_SHOWN = 100


class OwnQualification(BaseModel):
    """A qualification of the volunteer who asks."""

    id: UUID
    kind: str
    state: QualificationState
    issued_by: str
    number: str
    issued_on: date
    expires_on: date | None
    """The last day on which it holds."""
    reason: str | None
    """Why it was refused or revoked."""
    evidence_type: str | None
    submitted_at: datetime
    decided_at: datetime | None


class QualificationView(BaseModel):
    """A qualification in the office's list; the volunteer's name is masked."""

    id: UUID
    volunteer_id: UUID
    volunteer_number: str
    name_masked: str
    kind: str
    state: QualificationState
    issued_on: date
    expires_on: date | None
    evidence_type: str | None
    submitted_at: datetime
    decided_at: datetime | None


class QualificationInClear(QualificationView):
    """A qualification as the office looks at it: with the volunteer's name and what the paper says."""

    name: str
    issued_by: str
    number: str
    reason: str | None
    decided_by: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Evidence:
    """A paper's picture, and whose it is."""

    volunteer_id: UUID
    media_type: str
    content: bytes


_OWN = text("""
    SELECT id, kind, state, issued_on, expires_on, reason, evidence_type, submitted_at, decided_at, wrapped_key, details
    FROM qualification WHERE district = :district AND volunteer_id = :volunteer ORDER BY id DESC LIMIT :limit
""")
_OF_OFFICE = """
    SELECT q.id, q.volunteer_id, v.number AS volunteer_number, q.kind, q.state, q.issued_on, q.expires_on,
           q.evidence_type, q.submitted_at, q.decided_at, q.decided_by, q.reason, q.wrapped_key, q.details,
           v.wrapped_key AS person_key, v.personal_data
    FROM qualification q JOIN volunteer v ON v.district = q.district AND v.id = q.volunteer_id
    WHERE q.district = :district
"""
_PAGE = text(f"""{_OF_OFFICE}
      AND q.state = :state AND (CAST(:before AS uuid) IS NULL OR q.id < :before)
    ORDER BY q.id DESC LIMIT :limit
""")
_QUEUE = text(f"""{_OF_OFFICE}
      AND q.state = :state AND (CAST(:before AS uuid) IS NULL OR q.id > :before)
    ORDER BY q.id LIMIT :limit
""")
_ONE = text(f"{_OF_OFFICE} AND q.id = :id")
_EVIDENCE = text("""
    SELECT id, volunteer_id, wrapped_key, evidence, evidence_type FROM qualification
    WHERE district = :district AND id = :id AND evidence IS NOT NULL
""")


async def own_qualifications(
    tx: AsyncConnection, keys: KeyRing, district: str, volunteer_id: UUID
) -> list[OwnQualification]:
    """Return a volunteer's qualifications, the last submitted first."""
    rows = await tx.execute(_OWN, {"district": district, "volunteer": volunteer_id, "limit": _OWN_SHOWN})
    found = []
    for row in rows:
        details = open_details(keys, row)
        shown = {**row._mapping, "issued_by": details.issued_by, "number": details.number}  # noqa: SLF001
        found.append(OwnQualification.model_validate(shown))
    return found


async def find_qualifications(
    tx: AsyncConnection, keys: KeyRing, district: str, state: QualificationState, after: UUID | None, limit: int
) -> list[QualificationView]:
    """Return a district's qualifications in a state: what waits in order of arrival, all others the last first."""
    statement = _QUEUE if state is QualificationState.SUBMITTED else _PAGE
    values = {"district": district, "state": state, "before": after, "limit": limit}
    return [QualificationView.model_validate(_shown(keys, row)) for row in await tx.execute(statement, values)]


async def find_in_clear(
    tx: AsyncConnection, keys: KeyRing, district: str, qualification_id: UUID
) -> QualificationInClear:
    """Return a qualification with what its paper says. Raises RefusedError (not_found).

    Who calls it notes the reading in the access log, in the same transaction.
    """
    row = (await tx.execute(_ONE, {"district": district, "id": qualification_id})).one_or_none()
    if row is None:
        raise RefusedError(Fault("qualification_id", Code.NOT_FOUND))
    details = open_details(keys, row)
    shown = _shown(keys, row) | {"issued_by": details.issued_by, "number": details.number}
    return QualificationInClear.model_validate(shown)


async def find_evidence(tx: AsyncConnection, keys: KeyRing, actor: Actor, qualification_id: UUID) -> Evidence:
    """Return a paper's picture: one's own, or for the office. Raises RefusedError (not_found)."""
    row = (await tx.execute(_EVIDENCE, {"district": actor.district, "id": qualification_id})).one_or_none()
    if row is None or not (actor.reach is Reach.DISTRICT or row.volunteer_id == actor.volunteer_id):
        raise RefusedError(Fault("qualification_id", Code.NOT_FOUND))
    content = keys.open_paper(row.id, row.wrapped_key, "evidence", row.evidence)
    return Evidence(row.volunteer_id, row.evidence_type, content)


def _shown(keys: KeyRing, row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of the driver's
    person = keys.open_person(row.volunteer_id, SealedPerson(row.person_key, row.personal_data))
    return {**row._mapping, "name": person.name, "name_masked": person.masked().name}  # noqa: SLF001
