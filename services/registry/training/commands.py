"""Adding material, delivering it, and what a volunteer does with it: read it, take its document, take its test.

Invariant: a receipt says what its person has done, and nobody else can: read is who opened it (or took its document,
where it has one), passed is who has answered as many questions as it needs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.people.domain.privacy import KeyRing
from services.registry.training import queries, repository
from services.registry.training.domain import MOST_PERSONS, Audience, Material, material_faults, right_answers
from services.registry.training.queries import OwnMaterialInFull
from shared.contracts import TrainingRead, TrainingTested
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store import event_log
from shared.store.event_log import NewEvent, new_id, now
from shared.work.kind import NewWork
from shared.work.queue import schedule

DELIVERING = "training_delivery"
"""The kind of work that delivers material to an audience."""


class MaterialAdded(BaseModel):
    """Material that is in the library."""

    id: UUID


class DeliveryBegun(BaseModel):
    """Material that is being delivered to so many who have not got it yet."""

    material_id: UUID
    people: int


class QuizResult(BaseModel):
    """What a test came to: so many right answers of so many questions."""

    right: int
    questions: int
    pass_mark: int
    passed: bool
    tries: int


@dataclass(frozen=True, slots=True, repr=False)
class Document:
    """A document as it was uploaded."""

    subject: str
    media_type: str
    content: bytes


async def add_material(tx: AsyncConnection, keys: KeyRing, actor: Actor, material: Material) -> MaterialAdded:
    """Add material to the library. Raises RefusedError with every fault of it."""
    if faults := [*material_faults(material)]:
        raise RefusedError(*faults)
    material_id = new_id()
    await repository.insert_material(tx, keys, actor.district, material_id, material, (actor.name, now()))
    return MaterialAdded(id=material_id)


async def deliver_material(
    tx: AsyncConnection, actor: Actor, material_id: UUID, audience: str, team: str, numbers: Sequence[str]
) -> DeliveryBegun:
    """Have material delivered to an audience; who has got it already is left alone.

    Raises RefusedError: ``not_found``; ``audience`` ``missing`` or ``unknown_value``; ``team`` ``unknown_reference``
    where no open team has the code; ``volunteer_numbers`` ``missing``, ``too_many``, or ``unknown_reference`` where one
    is of nobody.
    """
    if audience not in _AUDIENCES:
        raise RefusedError(Fault("audience", Code.UNKNOWN_VALUE if audience else Code.MISSING))
    if await repository.find_material(tx, actor.district, material_id) is None:
        raise RefusedError(Fault("material_id", Code.NOT_FOUND))
    chosen = Audience(audience)
    team_id = await repository.open_team(tx, actor.district, team) if chosen is Audience.TEAM else None
    if chosen is Audience.TEAM and team_id is None:
        raise RefusedError(Fault("team", Code.UNKNOWN_REFERENCE if team else Code.MISSING))
    persons = await _persons(tx, actor.district, numbers) if chosen is Audience.PERSONS else []
    wanted = repository.audience_of(material_id, chosen, team_id, persons)
    people = await repository.count_without(tx, actor.district, wanted)
    if people:
        await schedule(tx, [NewWork(district=actor.district, kind=DELIVERING, payload=wanted)])
    return DeliveryBegun(material_id=material_id, people=people)


_AUDIENCES = frozenset(Audience)


async def _persons(tx: AsyncConnection, district: str, numbers: Sequence[str]) -> list[UUID]:
    wanted = {number for number in numbers if number}
    if not wanted or len(wanted) > MOST_PERSONS:
        raise RefusedError(Fault("volunteer_numbers", Code.TOO_MANY if wanted else Code.MISSING))
    found = await repository.numbered(tx, district, sorted(wanted))
    if len(found) < len(wanted):
        raise RefusedError(Fault("volunteer_numbers", Code.UNKNOWN_REFERENCE))
    return found


async def open_document(tx: AsyncConnection, keys: KeyRing, district: str, material_id: UUID) -> Document:
    """Return the document of material. Raises RefusedError (not_found)."""
    row = await repository.find_document(tx, district, material_id)
    if row is None:
        raise RefusedError(Fault("material_id", Code.NOT_FOUND))
    return Document(row.subject, row.document_type, keys.open_evidence(row.id, row.wrapped_key, row.document))


async def open_material(tx: AsyncConnection, actor: Actor, delivery_id: UUID) -> OwnMaterialInFull:
    """Open what was delivered to oneself; without a document it is read by that. Raises RefusedError (not_found)."""
    await _note_read(tx, actor, delivery_id, has_taken=False)
    shown, _ = await queries.own_material(tx, actor.district, delivery_id, actor.own_id("delivery_id"))
    return shown


async def take_document(tx: AsyncConnection, keys: KeyRing, actor: Actor, delivery_id: UUID) -> Document:
    """Take the document of what was delivered to oneself; it is read by that. Raises RefusedError (not_found)."""
    _, material_id = await queries.own_material(tx, actor.district, delivery_id, actor.own_id("delivery_id"))
    document = await open_document(tx, keys, actor.district, material_id)
    await _note_read(tx, actor, delivery_id, has_taken=True)
    return document


async def take_test(tx: AsyncConnection, actor: Actor, delivery_id: UUID, answers: Sequence[int]) -> QuizResult:
    """Take the test of what was delivered to oneself, as often as one likes until it is passed.

    ``answers`` are places of choices, from 0, question by question; -1 is none. Raises RefusedError: ``not_found``;
    ``not_open`` where it has no test, is not read yet, or is passed; ``answers`` ``missing`` where one is.
    """
    row = await repository.lock_delivery(tx, actor.district, delivery_id, actor.own_id("delivery_id"))
    if row is None:
        raise RefusedError(Fault("delivery_id", Code.NOT_FOUND))
    if not row.quiz or row.read_at is None or row.passed_at is not None:
        raise RefusedError(Fault("delivery_id", Code.NOT_OPEN))
    if len(answers) != len(row.quiz) or min(answers) < 0:
        raise RefusedError(Fault("answers", Code.MISSING))
    right = right_answers([question["right"] for question in row.quiz], answers)
    passed = right >= row.pass_mark
    number = await repository.note_test(tx, actor.district, delivery_id, right, now() if passed else None)
    event = TrainingTested(**_of_events(row), passed=passed)
    await event_log.append(tx, [NewEvent(actor.district, row.id, number, event, actor.name)])
    return QuizResult(right=right, questions=len(row.quiz), pass_mark=row.pass_mark, passed=passed, tries=row.tries + 1)


async def _note_read(tx: AsyncConnection, actor: Actor, delivery_id: UUID, *, has_taken: bool) -> None:
    row = await repository.note_read(
        tx, actor.district, delivery_id, actor.own_id("delivery_id"), now(), has_taken=has_taken
    )
    if row is not None:
        event = TrainingRead(**_of_events(row))
        await event_log.append(tx, [NewEvent(actor.district, row.id, row.version, event, actor.name)])


def _of_events(row: Row[Any]) -> dict[str, Any]:
    return {
        "delivery_id": row.id,
        "material_id": row.material_id,
        "volunteer_id": row.volunteer_id,
        "subject": row.subject,
    }
