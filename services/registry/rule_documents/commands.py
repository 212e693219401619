"""Publishing rule documents, ending them, accepting them, and having those reminded who have not.

Invariant: what people accept is the version in force, and the one that they were shown: another one is refused.
"""

from datetime import datetime
from uuid import UUID, uuid5

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.people import repository as people
from services.registry.rule_documents import repository
from services.registry.rule_documents.domain import (
    AcceptanceChannel,
    NewVersion,
    acceptance_id,
    ended_together,
    version_faults,
)
from shared.contracts import RuleAccepted, RuleEnded, RulePublished
from shared.contracts.actor import Actor
from shared.contracts.calendar import district_day
from shared.contracts.faults import Code, Fault, RefusedError, reason_fault
from shared.store import event_log
from shared.store.event_log import NewEvent, new_id, now
from shared.work.kind import NewWork
from shared.work.queue import schedule

ASKING = "rule_asking"
"""The kind of work that asks those who have not accepted a version."""


class VersionPublished(BaseModel):
    """A version of a document that is on file now."""

    document_id: UUID
    version: int


class VersionEnded(BaseModel):
    """A version that is withdrawn or ended, and which have ended with it."""

    document_id: UUID
    version: int
    ended_versions: list[int]


class VersionAccepted(BaseModel):
    """A version that somebody has accepted, now or before."""

    document_id: UUID
    version: int
    accepted_at: datetime


class AskingBegun(BaseModel):
    """How many are going to be reminded of a version; who was before is not again."""

    document_id: UUID
    version: int
    to_ask: int


async def publish_document(tx: AsyncConnection, actor: Actor, new: NewVersion) -> VersionPublished:
    """Publish a new document. Raises RefusedError with every fault of it."""
    return await _publish(tx, actor, (new_id(), 1), new)


async def publish_version(
    tx: AsyncConnection, actor: Actor, document_id: UUID, before: int, new: NewVersion
) -> VersionPublished:
    """Publish the next version of a document; from its day on it takes the place of those before.

    Raises RefusedError: ``not_found``; ``changed_meanwhile`` where ``before`` is not the version published last; every
    fault of it.
    """
    await repository.lock(tx, actor.district, document_id)
    newest = await repository.newest_version(tx, actor.district, document_id)
    if not newest:
        raise RefusedError(Fault("document_id", Code.NOT_FOUND))
    if newest != before:
        raise RefusedError(Fault("version", Code.CHANGED_MEANWHILE))
    return await _publish(tx, actor, (document_id, newest + 1), new)


async def _publish(tx: AsyncConnection, actor: Actor, key: tuple[UUID, int], new: NewVersion) -> VersionPublished:
    at = now()
    if faults := [*version_faults(new, district_day(at))]:
        raise RefusedError(*faults)
    document_id, version = key
    if not await repository.publish(tx, actor.district, key, new, at, actor.name):
        raise RefusedError(Fault("version", Code.CHANGED_MEANWHILE))
    published = RulePublished(
        document_id=document_id,
        document_version=version,
        title=new.title,
        in_force_from=new.in_force_from,
        required_from=new.required_from,
    )
    number = await repository.events_of(tx, actor.district, document_id)
    await event_log.append(tx, [NewEvent(actor.district, document_id, number, published, actor.name)])
    return VersionPublished(document_id=document_id, version=version)


async def end_version(tx: AsyncConnection, actor: Actor, document_id: UUID, version: int, reason: str) -> VersionEnded:
    """Withdraw a version before its first day, or end the one in force: it is asked of nobody any more.

    What is withdrawn leaves the one before in force; what is ended is followed by none until another one is published
    or comes to its day. Acceptances stay on record. Raises RefusedError: ``missing`` or ``too_long`` (reason);
    ``not_found``; ``not_open`` where it has ended, or a later one has taken its place.
    """
    if fault := reason_fault(reason):
        raise RefusedError(fault)
    await repository.lock(tx, actor.district, document_id)
    versions = await repository.versions_of(tx, actor.district, document_id)
    named = next((one for one in versions if one.version == version), None)
    if named is None:
        raise RefusedError(Fault("version" if versions else "document_id", Code.NOT_FOUND))
    at = now()
    held = await repository.in_force_of(tx, actor.district, document_id, district_day(at))
    is_in_force = held is not None and held.version == version
    if named.ended_at is not None or not (is_in_force or named.in_force_from > district_day(at)):
        raise RefusedError(Fault("version", Code.NOT_OPEN))
    standing = [one.version for one in versions if one.ended_at is None]
    ended = ended_together(version, is_in_force=is_in_force, standing=standing)
    await repository.end(tx, actor.district, (document_id, version), ended, reason, actor.name, at)
    event = RuleEnded(document_id=document_id, document_version=version, title=named.title, ended_versions=tuple(ended))
    number = await repository.events_of(tx, actor.district, document_id)
    await event_log.append(tx, [NewEvent(actor.district, document_id, number, event, actor.name)])
    return VersionEnded(document_id=document_id, version=version, ended_versions=ended)


async def accept_version(
    tx: AsyncConnection, actor: Actor, document_id: UUID, version: int, channel: AcceptanceChannel
) -> VersionAccepted:
    """Accept the version in force for oneself; doing it again changes nothing.

    Raises RefusedError: ``forbidden`` where the account is no volunteer's (any more), ``not_found``,
    ``changed_meanwhile`` where another version is in force.
    """
    if actor.volunteer_id is None or not await people.is_registered(tx, actor.district, actor.volunteer_id):
        raise RefusedError(Fault("volunteer_id", Code.FORBIDDEN))
    at, key = now(), (document_id, version)
    await _check_in_force(tx, actor.district, key, at)
    number = await repository.accept(tx, actor.district, actor.volunteer_id, key, channel, at)
    if number is None:
        before = await repository.accepted_at(tx, actor.district, actor.volunteer_id, key)
        return VersionAccepted(document_id=document_id, version=version, accepted_at=before)
    aggregate = acceptance_id(actor.volunteer_id, document_id, version)
    accepted = RuleAccepted(
        acceptance_id=aggregate, volunteer_id=actor.volunteer_id, document_id=document_id, document_version=version
    )
    await event_log.append(tx, [NewEvent(actor.district, aggregate, number, accepted, actor.name)])
    return VersionAccepted(document_id=document_id, version=version, accepted_at=at)


async def ask_the_missing(tx: AsyncConnection, actor: Actor, document_id: UUID, version: int) -> AskingBegun:
    """Have everybody reminded who has not accepted the version in force, each once.

    Raises RefusedError: ``not_found``, ``changed_meanwhile`` where another version is in force.
    """
    at, key = now(), (document_id, version)
    await _check_in_force(tx, actor.district, key, at)
    count = await repository.count_to_ask(tx, actor.district, key)
    if count:
        payload = {"document_id": str(document_id), "version": version}
        work_id = uuid5(document_id, f"{ASKING} {version}")
        await schedule(tx, [NewWork(district=actor.district, kind=ASKING, payload=payload, due_at=at, id=work_id)])
    return AskingBegun(document_id=document_id, version=version, to_ask=count)


async def _check_in_force(tx: AsyncConnection, district: str, key: tuple[UUID, int], at: datetime) -> None:
    document_id, version = key
    found = await repository.in_force_of(tx, district, document_id, district_day(at))
    if found is None:
        raise RefusedError(Fault("document_id", Code.NOT_FOUND))
    if found.version != version:
        raise RefusedError(Fault("version", Code.CHANGED_MEANWHILE))
