"""Merging one entry into another, and undoing it.

Invariant: that an entry is merged, what follows to the kept one, the end of its log-in and contact point, and the event
that tells the other services are one transaction, under the district's row lock. The merged entry keeps its number and
its sealed data, and is changed by nobody until the merger is undone.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.access_log.repository import Noted, note
from services.registry.accounts import changes as account_changes
from services.registry.accounts import repository as accounts
from services.registry.consents import repository as consents
from services.registry.consents.changes import state_consents
from services.registry.consents.domain import ConsentChannel
from services.registry.merging import repository
from services.registry.merging.domain import KEPT, MERGED, Entry, as_before, check_pair, newer
from services.registry.merging.repository import Merge
from services.registry.people.domain.privacy import KeyRing
from services.registry.people.enrolment import change_one
from services.registry.people.repository import lock_district
from services.registry.places.domain import wording
from services.registry.teams.domain.merging import team_after
from services.registry.teams.repository import endings
from shared.contracts import AccountUnlocked, QualificationMoved, VolunteerMergeUndone, VolunteersMerged
from shared.contracts import text as writing
from shared.contracts.actor import Actor
from shared.contracts.calendar import district_day
from shared.contracts.faults import Code, Fault, RefusedError
from shared.contracts.received import StateRecord
from shared.contracts.topics import CONTACT
from shared.store import event_log
from shared.store.event_log import NewEvent, new_id, now

LEAST_REASON = 2
"""Characters: what an auditor reads as a reason."""


class EntriesMerged(BaseModel):
    """The entry that is kept, and the one that is merged into it."""

    kept_id: UUID
    kept_number: str
    merged_id: UUID
    merged_number: str
    merged_at: datetime


class MergeUndone(BaseModel):
    """Two entries that are two again."""

    kept_id: UUID
    merged_id: UUID
    undone_at: datetime


async def find_pair(tx: AsyncConnection, district: str, kept_id: UUID, merged_number: str) -> tuple[Entry, Entry]:
    """Return the entry to keep and the one with a number, as typed. Raises RefusedError where they cannot be merged."""
    kept = await repository.find_entry(tx, district, volunteer_id=kept_id)
    number = wording.ungrouped(writing.tidy(merged_number))
    if kept is not None and not number:
        raise RefusedError(Fault(MERGED, Code.MISSING))
    return check_pair(kept, await repository.find_entry(tx, district, number=number))


async def merge_entries(
    tx: AsyncConnection, keys: KeyRing, actor: Actor, kept_id: UUID, merged_number: str, reason: str
) -> EntriesMerged:
    """Merge the entry with a number into another one.

    Raises RefusedError by ``volunteer_id`` (the entry to keep), ``merged_number`` and ``reason``: see ``check_pair``.
    """
    district, at = actor.district, now()
    _require_reason(reason)
    await lock_district(tx, district)
    kept, merged = await find_pair(tx, district, kept_id, merged_number)
    team_id = merged.team_id if kept.team_id is None else None
    account_id = None if merged.is_locked else merged.account_id
    merge = Merge(new_id(), merged.id, kept.id, account_id, team_id)
    version = await repository.set_merged(tx, district, merged.id, kept.id)
    await repository.begin(tx, district, merge, at)
    event = VolunteersMerged(
        volunteer_id=merged.id, volunteer_no=merged.number, kept_id=kept.id, kept_no=kept.number, merged_at=at
    )
    await event_log.append(tx, [NewEvent(district, merged.id, version, event, actor.name)])
    await event_log.put_state(tx, CONTACT.name, [StateRecord(district, str(merged.id), None)])
    await repository.follow(tx, district, merge, district_day(at))
    await _tell_qualifications(tx, actor, merge)
    await _follow_consents(tx, actor, merge)
    if team_id is not None:
        await change_one(tx, keys, actor, kept.id, lambda volunteer: replace(volunteer, team_id=team_id))
    if account_id is not None:
        await account_changes.lock(tx, await accounts.lock(tx, district, account_id), actor.name, "volunteers merged")
    for entry in (kept, merged):
        await note(tx, Noted(district, actor.name, "volunteers_merged", entry.id, reason.strip()))
    return EntriesMerged(
        kept_id=kept.id, kept_number=kept.number, merged_id=merged.id, merged_number=merged.number, merged_at=at
    )


async def undo_merge(tx: AsyncConnection, keys: KeyRing, actor: Actor, merged_id: UUID, reason: str) -> MergeUndone:
    """Let an entry that was merged be one of its own again, with all that has followed from it.

    Raises RefusedError: ``reason`` is missing; ``volunteer_id`` ``not_found``, ``not_open`` where it is not merged,
    ``closed`` where the person has ended their registration since.
    """
    district, at = actor.district, now()
    _require_reason(reason)
    await lock_district(tx, district)
    merged = await repository.find_entry(tx, district, volunteer_id=merged_id)
    if merged is None:
        raise RefusedError(Fault(KEPT, Code.NOT_FOUND))
    merge = await repository.standing(tx, district, merged_id)
    kept = await repository.find_entry(tx, district, volunteer_id=merge.kept_id) if merge else None
    if merge is None or kept is None:
        raise RefusedError(Fault(KEPT, Code.NOT_OPEN))
    if merged.is_closed or kept.is_closed:
        raise RefusedError(Fault(KEPT, Code.CLOSED))
    version = await repository.set_merged(tx, district, merged_id, None)
    await repository.note_undone(tx, district, merge.id, at)
    event = VolunteerMergeUndone(
        volunteer_id=merged.id, volunteer_no=merged.number, kept_id=kept.id, kept_no=kept.number, undone_at=at
    )
    await event_log.append(tx, [NewEvent(district, merged_id, version, event, actor.name)])
    await repository.bring_back(tx, district, merge)
    await _tell_qualifications(tx, actor, merge)
    await _return_consents(tx, actor, merge)
    teams = await endings(tx, district)
    if merge.team_id is not None and kept.team_id in (merge.team_id, team_after(merge.team_id, teams)):
        await change_one(tx, keys, actor, kept.id, lambda volunteer: replace(volunteer, team_id=None))
    # What is on file of the entry is as it was, but for a team that has ended meanwhile: written again, its contact
    # point goes out again.
    own_team = team_after(merged.team_id, teams) if merged.team_id else None
    await change_one(tx, keys, actor, merged_id, lambda volunteer: replace(volunteer, team_id=own_team))
    if merge.account_id is not None:
        await _unlock(tx, actor, merge.account_id)
    for entry in (kept, merged):
        await note(tx, Noted(district, actor.name, "volunteer_merge_undone", entry.id, reason.strip()))
    return MergeUndone(kept_id=kept.id, merged_id=merged_id, undone_at=at)


def _require_reason(reason: str) -> None:
    if len(reason.strip()) < LEAST_REASON:
        raise RefusedError(Fault("reason", Code.MISSING))


async def _tell_qualifications(tx: AsyncConnection, actor: Actor, merge: Merge) -> None:
    await event_log.append(
        tx,
        [
            NewEvent(
                actor.district,
                row.id,
                row.version,
                QualificationMoved(
                    qualification_id=row.id,
                    volunteer_id=row.volunteer_id,
                    kind=row.kind,
                    issued_on=row.issued_on,
                    expires_on=row.expires_on,
                ),
                actor.name,
            )
            for row in await repository.qualifications_to_tell(tx, actor.district, merge)
        ],
    )


async def _follow_consents(tx: AsyncConnection, actor: Actor, merge: Merge) -> None:
    before = await repository.stated(tx, actor.district, merge.kept_id)
    for said, channel in newer(await repository.stated(tx, actor.district, merge.merged_id), before):
        await state_consents(tx, actor.district, merge.kept_id, channel, [said], actor.name)
        latest = await consents.latest(tx, actor.district, merge.kept_id)
        given_before = before[said.purpose].given if said.purpose in before else None
        statements = latest[said.purpose].statements
        await repository.note_consent(tx, actor.district, merge.id, said.purpose, given_before, statements)


async def _return_consents(tx: AsyncConnection, actor: Actor, merge: Merge) -> None:
    """State again what held before; what the person has said since stays."""
    latest = await consents.latest(tx, actor.district, merge.kept_id)
    again = [
        as_before(purpose, given)
        for purpose, given, statements in await repository.followed_consents(tx, actor.district, merge.id)
        if latest[purpose].statements == statements
    ]
    await state_consents(tx, actor.district, merge.kept_id, ConsentChannel.ORGANISATION, again, actor.name)


async def _unlock(tx: AsyncConnection, actor: Actor, account_id: UUID) -> None:
    account = await accounts.lock(tx, actor.district, account_id)
    if account.locked:
        version = await accounts.set_locked(tx, account, locked=False)
        event = AccountUnlocked(account_id=account.id)
        await account_changes.record(tx, account, version, event, actor.name, "volunteer merge undone")
