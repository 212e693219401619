"""Submitting a qualification, and the office's verdict on it.

Invariant: what holds was looked at by somebody of the office, whose name is on file beside it; when it will expire is
work that is scheduled in the transaction in which it begins to hold. The office reads a paper in clear with an entry in
the access log.
"""

from typing import Any
from uuid import UUID, uuid5

from pydantic import BaseModel
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.access_log.domain import ReadingPurpose
from services.registry.access_log.repository import Noted, approval_for, note
from services.registry.people import repository as people
from services.registry.people.domain.privacy import KeyRing
from services.registry.qualifications import queries, repository
from services.registry.qualifications.domain import (
    MOST_WAITING,
    Paper,
    QualificationState,
    over_at,
    paper_faults,
    reason_fault,
    told_at,
)
from services.registry.qualifications.queries import Evidence, QualificationInClear
from services.registry.qualifications.repository import Standing
from shared.contracts import (
    QualificationRefused,
    QualificationRevoked,
    QualificationSubmitted,
    QualificationVerified,
)
from shared.contracts.actor import Actor
from shared.contracts.calendar import district_day
from shared.contracts.faults import Code, Fault, RefusedError
from shared.contracts.qualification import Qualification
from shared.store import event_log
from shared.store.event_log import NewEvent, new_id, now
from shared.work.kind import NewWork
from shared.work.queue import schedule

EXPIRING, EXPIRY = "qualification_expiring", "qualification_expiry"
"""Kinds of work: telling of it 30 days before, and ending it when its last day is over."""


class QualificationStands(BaseModel):
    """A qualification and where it stands now."""

    id: UUID
    state: QualificationState
    version: int


async def submit_qualification(
    tx: AsyncConnection, keys: KeyRing, actor: Actor, paper: Paper, evidence: bytes | None
) -> QualificationStands:
    """Submit a qualification of one's own; the office looks at it.

    Raises RefusedError with every fault of it, ``forbidden`` where the account is no volunteer's (any more),
    ``too_many`` where as many as may are waiting.
    """
    if actor.volunteer_id is None or not await people.is_registered(tx, actor.district, actor.volunteer_id):
        raise RefusedError(Fault("volunteer_id", Code.FORBIDDEN))
    at = now()
    if faults := [*paper_faults(paper, evidence, district_day(at))]:
        raise RefusedError(*faults)
    if await repository.count_waiting(tx, actor.district, actor.volunteer_id) >= MOST_WAITING:
        raise RefusedError(Fault("kind", Code.TOO_MANY))
    qualification_id = new_id()
    key = (qualification_id, actor.volunteer_id)
    await repository.insert_qualification(tx, keys, actor.district, key, paper, evidence, at)
    assert paper.issued_on is not None  # noqa: S101 - it would have been a fault
    submitted = QualificationSubmitted(
        qualification_id=qualification_id,
        volunteer_id=actor.volunteer_id,
        kind=paper.kind,
        issued_on=paper.issued_on,
        expires_on=paper.expires_on,
    )
    await event_log.append(tx, [NewEvent(actor.district, qualification_id, 1, submitted, actor.name)])
    return QualificationStands(id=qualification_id, state=QualificationState.SUBMITTED, version=1)


async def decide_qualification(
    tx: AsyncConnection, actor: Actor, qualification_id: UUID, *, verified: bool, reason: str
) -> QualificationStands:
    """Say that a qualification holds, or why not.

    Raises RefusedError: ``not_found``; ``forbidden`` where it is the actor's own; ``missing`` where it is refused
    without a reason; ``not_open`` where it is decided already; ``too_late`` where its last day is over.
    """
    if not verified and (fault := reason_fault(reason)):
        raise RefusedError(fault)
    standing = await _standing_of_another(tx, actor, qualification_id)
    if verified and standing.expires_on is not None and over_at(standing.expires_on) <= now():
        raise RefusedError(Fault("expires_on", Code.TOO_LATE))
    after = QualificationState.VERIFIED if verified else QualificationState.REFUSED
    row = await _change(
        tx, actor, qualification_id, (QualificationState.SUBMITTED, after), None if verified else reason
    )
    await _announce(tx, actor, row, QualificationVerified if verified else QualificationRefused)
    if verified and row.expires_on is not None:
        await _schedule_expiry(tx, actor.district, row)
    return QualificationStands(id=row.id, state=after, version=row.version)


async def revoke_qualification(
    tx: AsyncConnection, actor: Actor, qualification_id: UUID, reason: str
) -> QualificationStands:
    """Say that a verified qualification holds no more. Raises RefusedError as ``decide_qualification``."""
    if fault := reason_fault(reason):
        raise RefusedError(fault)
    await _standing_of_another(tx, actor, qualification_id)
    states = (QualificationState.VERIFIED, QualificationState.REVOKED)
    row = await _change(tx, actor, qualification_id, states, reason)
    await _announce(tx, actor, row, QualificationRevoked)
    return QualificationStands(id=row.id, state=QualificationState.REVOKED, version=row.version)


async def read_qualification(
    tx: AsyncConnection, keys: KeyRing, actor: Actor, qualification_id: UUID
) -> QualificationInClear:
    """Read what a paper says and whose it is, to look at it; noted in the access log. Raises ``not_found``."""
    shown = await queries.find_in_clear(tx, keys, actor.district, qualification_id)
    await _note_reading(tx, actor, "qualification_read", shown.volunteer_id)
    return shown


async def read_evidence(tx: AsyncConnection, keys: KeyRing, actor: Actor, qualification_id: UUID) -> Evidence:
    """Read a paper's picture: one's own, or to look at it, noted in the access log. Raises ``not_found``."""
    found = await queries.find_evidence(tx, keys, actor, qualification_id)
    if found.volunteer_id != actor.volunteer_id:
        await _note_reading(tx, actor, "evidence_read", found.volunteer_id)
    return found


async def _note_reading(tx: AsyncConnection, actor: Actor, action: str, volunteer_id: UUID) -> None:
    """Note that a paper was read. Raises RefusedError (approval_needed) where it is a minor's without approval."""
    approval = await approval_for(tx, actor.district, actor.name, volunteer_id, ReadingPurpose.QUALIFICATION)
    await note(tx, Noted(actor.district, actor.name, action, volunteer_id, "verification", approval))


async def _change(
    tx: AsyncConnection,
    actor: Actor,
    qualification_id: UUID,
    states: tuple[QualificationState, QualificationState],
    reason: str | None,
) -> Row[Any]:
    row = await repository.change_state(tx, actor.district, qualification_id, states, reason, now(), actor.name)
    if row is None:
        raise RefusedError(Fault("qualification_id", Code.NOT_OPEN))
    return row


async def _standing_of_another(tx: AsyncConnection, actor: Actor, qualification_id: UUID) -> Standing:
    """Return how a qualification stands: nobody judges their own."""
    standing = await repository.standing_of(tx, actor.district, qualification_id)
    if standing is None:
        raise RefusedError(Fault("qualification_id", Code.NOT_FOUND))
    if standing.volunteer_id == actor.volunteer_id:
        raise RefusedError(Fault("qualification_id", Code.FORBIDDEN))
    return standing


async def _announce(tx: AsyncConnection, actor: Actor, row: Row[Any], event: type[Qualification]) -> None:
    said = event.model_validate({"qualification_id": row.id} | {name: getattr(row, name) for name in OF_EVENTS})
    await event_log.append(tx, [NewEvent(actor.district, row.id, row.version, said, actor.name)])


async def _schedule_expiry(tx: AsyncConnection, district: str, row: Row[Any]) -> None:
    payload = {"qualification_id": str(row.id)}
    due = {EXPIRING: max(told_at(row.expires_on), now()), EXPIRY: over_at(row.expires_on)}
    await schedule(
        tx,
        [
            NewWork(district=district, kind=kind, payload=payload, due_at=at, id=uuid5(row.id, kind))
            for kind, at in due.items()
        ],
    )


OF_EVENTS = ("volunteer_id", "kind", "issued_on", "expires_on")
"""What the events of a qualification say of it, beside its id."""
