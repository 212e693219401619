"""Giving a device a list, and taking in what it brings back.

Invariant: a device brings entries for the one shift whose list it was given, until a day after that ended; what it
brings is kept before anything follows from it, so nothing is lost to a gap, a closed shift or somebody's overlap.
What follows for one sign-up is one savepoint: the overlap of one keeps nobody else's entries from counting.
"""

import os
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.attendance import repository as attendance
from services.activities.attendance.crediting import Credit
from services.activities.attendance.domain import Attendance, by_rules
from services.activities.attendance.forgotten import schedule_closing
from services.activities.attendance.outcomes import Settled, excused, settle
from services.activities.attendance.queries import staffed_shift
from services.activities.attendance.repository import ShiftAttended
from services.activities.offline import repository
from services.activities.offline.domain import (
    KEPT,
    Entry,
    Timed,
    Verdict,
    Window,
    attend,
    by_sign_up,
    timed,
    verdict_on,
)
from services.activities.offline.repository import Conclusion, KnownDevice, Registration
from services.activities.offline.signatures import ListSigner, hash_of, read_device_key, read_entry
from services.activities.signing_up.domain import SignUpState
from shared.contracts import CheckInWay, Event, VolunteerCheckedIn, VolunteerCheckedOut
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store import event_log
from shared.store.event_log import new_id, now

_LONGEST_MASKED_NAME = 40
_SALT_BYTES = 16
_WAITING = Conclusion(Verdict.WAITING)
_CLOCK_READ = Conclusion(Verdict.ACCEPTED)


class OfflineList(BaseModel):
    """A list for one device: a compact JWS (ES256) by ``key``, and what the device is known by from now on."""

    device_id: UUID
    signed_list: str
    key: dict[str, Any]
    server_time: datetime
    expires_at: datetime


class EntryVerdict(BaseModel):
    """What became of an entry: the time that counts, the code of a refusal, and whether a leader has to look at it.

    ``id`` is null where the text was not signed by the device, or says no entry.
    """

    id: UUID | None
    verdict: Verdict
    reason: str | None
    counted_at: datetime | None
    to_confirm: bool


class Verdicts(BaseModel):
    """A verdict on each entry, in the order they were sent; ``server_time`` is for the next reading of the clock."""

    server_time: datetime
    items: list[EntryVerdict]


async def give_list(
    tx: AsyncConnection,
    actor: Actor,
    signer: ListSigner,
    shift_id: UUID,
    device_key: Mapping[str, Any],
    device_time: datetime,
    masked_names: Mapping[UUID, str],
) -> OfflineList:
    """Register a device by its public key and give it a shift's list.

    ``masked_names`` are by sign-up, as registry has masked them; they go into the list and are not kept. Raises
    RefusedError ``not_found``, ``format`` (a key, a name that is not masked), ``too_late``, ``not_open``.
    """
    at = now()
    shift = await staffed_shift(tx, actor, shift_id)
    expires_at = shift.ends_at + KEPT
    if at >= expires_at:
        raise RefusedError(Fault("shift_id", Code.TOO_LATE))
    if shift.closed_at:
        raise RefusedError(Fault("shift_id", Code.NOT_OPEN))
    public_key = read_device_key(device_key)
    device_id, salt = new_id(), os.urandom(_SALT_BYTES)
    content = {
        "device_id": str(device_id),
        "district": actor.district,
        "shift_id": str(shift.id),
        "activity_title": shift.activity_title,
        "starts_at": shift.starts_at.isoformat(),
        "ends_at": shift.ends_at.isoformat(),
        "server_time": at.isoformat(),
        "expires_at": expires_at.isoformat(),
        "salt": salt.hex(),
        "sign_ups": [
            {
                "sign_up_id": str(each.sign_up_id),
                "state": each.state,
                "number_last_four": each.number[-4:],
                "number_hash": _hash_of_number(salt, each.number),
                "name_masked": _masked(masked_names.get(each.sign_up_id)),
            }
            for each in await repository.list_of(tx, actor.district, shift.id)
        ],
    }
    signed = signer.sign(content)
    made = Registration(
        id=device_id,
        shift_id=shift.id,
        public_key=public_key,
        list_hash=hash_of(signed),
        offset=at - device_time,
        registered_at=at,
        registered_by=actor.name,
        expires_at=expires_at,
    )
    await repository.insert_device(tx, actor.district, made)
    return OfflineList(
        device_id=device_id, signed_list=signed, key=signer.public_key, server_time=at, expires_at=expires_at
    )


async def take_in(
    tx: AsyncConnection, actor: Actor, shift_id: UUID, device_id: UUID, signed: Sequence[str]
) -> Verdicts:
    """Take in what a device brings: each text a signed entry. Sending it again gives the verdicts of then, or better.

    Raises RefusedError ``not_found`` for another shift's device, or ``expired``.
    """
    at = now()
    shift = await staffed_shift(tx, actor, shift_id)
    devices = await repository.lock_devices(tx, actor.district, shift_id)
    known = devices.get(device_id)
    if known is None:
        raise RefusedError(Fault("device_id", Code.NOT_FOUND))
    if at >= known.expires_at:
        raise RefusedError(Fault("device_id", Code.EXPIRED))
    read = [read_entry(text, device_id, known.public_key, at) for text in signed]
    fresh = [entry for entry in read if entry is not None]
    if fresh:
        await repository.add_entries(tx, actor.district, shift_id, fresh)
    entries, concluded = await repository.entries_of(tx, actor.district, shift_id)
    concluded |= await _let_count(tx, actor, shift, devices, entries, concluded, at)
    kept = {entry.id: entry for entry in entries}
    return Verdicts(server_time=at, items=[_verdict(entry, kept, concluded) for entry in read])


async def _let_count(
    tx: AsyncConnection,
    actor: Actor,
    shift: ShiftAttended,
    devices: Mapping[UUID, KnownDevice],
    entries: Sequence[Entry],
    concluded: Mapping[UUID, Conclusion],
    at: datetime,
) -> Mapping[UUID, Conclusion]:
    """Let everything count that can by now, for each sign-up that something new is noted of; return what came of it."""
    window = Window.of(shift.starts_at, shift.ends_at, shift.rules)
    settled = [
        each
        for known in devices.values()
        for each in timed(known.device, [e for e in entries if e.device_id == known.device.id], window)
    ]
    new = {each.entry.id for each in settled} - concluded.keys()
    came = {each.entry.id: _CLOCK_READ for each in settled if each.entry.sign_up_id is None}
    found = {each.sign_up_id: each for each in await attendance.lock_of_shift(tx, actor.district, shift.id)}
    present = await attendance.read_shift(tx, actor.district, shift.id)  # after the lock: closing holds it too
    if present is None or present.closed_at:
        return {}
    for sign_up_id, noted in by_sign_up(settled).items():
        if not new.isdisjoint(each.entry.id for each in noted):
            came |= await _let_one_count(tx, actor, found.get(sign_up_id), noted, at)
    if came:
        await repository.conclude(tx, actor.district, came)
    return came


async def _let_one_count(
    tx: AsyncConnection, actor: Actor, found: Attendance | None, noted: Sequence[Timed], at: datetime
) -> Mapping[UUID, Conclusion]:
    """Let what was noted of one sign-up count; return what became of each entry."""
    if found is None:
        return _refused(noted, Code.NOT_FOUND)
    after = attend(found, noted)
    if after == found and found.state in (SignUpState.WAITING, SignUpState.OFFERED, SignUpState.ASKED_AGAIN):
        return _refused(noted, Code.NOT_OPEN)
    if after != found:
        try:
            async with tx.begin_nested():
                await event_log.append(tx, await settle(tx, actor, [_settled(found, after)], at))
                if after.state is SignUpState.ATTENDING:
                    await schedule_closing(tx, actor.district, after)
        except RefusedError as refused:
            return _refused(noted, refused.faults[0].code)
    return {each.entry.id: Conclusion(verdict_on(each, noted, after), None, each.at, each.to_confirm) for each in noted}


def _settled(found: Attendance, after: Attendance) -> Settled:
    """Return how an attendance is to stand, with the events that lead there."""
    events: list[Event] = []
    if found.absence:
        events.append(excused(found, "offline list"))
    ids = {"sign_up_id": found.sign_up_id, "shift_id": found.shift_id, "volunteer_id": found.volunteer_id}
    if after.checked_in_at and after.checked_in_at != found.checked_in_at:
        events.append(VolunteerCheckedIn(**ids, checked_in_at=after.checked_in_at, way=CheckInWay.OFFLINE))
    if after.checked_out_at and after.checked_out_at != found.checked_out_at:
        events.append(VolunteerCheckedOut(**ids, checked_out_at=after.checked_out_at, way=CheckInWay.OFFLINE))
    after = replace(after, version=found.version + len(events))
    ended = after.state is SignUpState.COMPLETED
    return Settled(after, Credit(after, by_rules(after), "offline list") if ended else None, events)


def _refused(noted: Sequence[Timed], code: Code) -> Mapping[UUID, Conclusion]:
    return {each.entry.id: Conclusion(Verdict.REFUSED, code, each.at, to_confirm=True) for each in noted}


def _verdict(entry: Entry | None, kept: Mapping[UUID, Entry], concluded: Mapping[UUID, Conclusion]) -> EntryVerdict:
    if entry is None:
        return EntryVerdict(id=None, verdict=Verdict.REFUSED, reason=Code.FORMAT, counted_at=None, to_confirm=False)
    there = kept.get(entry.id)
    if there is None or there.hash != entry.hash:  # its number in the chain, or its id, was used for another one
        came = Conclusion(Verdict.REFUSED, Code.ALREADY_RECORDED)
    else:
        came = concluded.get(entry.id, _WAITING)
    return EntryVerdict(
        id=entry.id, verdict=came.verdict, reason=came.reason, counted_at=came.counted_at, to_confirm=came.to_confirm
    )


def _masked(name: str | None) -> str | None:
    """Return a masked name as it goes into a list. Raises RefusedError where it is none."""
    if name is not None and ("*" not in name or len(name) > _LONGEST_MASKED_NAME or not name.isprintable()):
        raise RefusedError(Fault("names_masked", Code.FORMAT))
    return name


def _hash_of_number(salt: bytes, number: str) -> str:
    """Return what a device tells a whole volunteer number by, without holding it."""
    return urlsafe_b64encode(sha256(salt + number.encode()).digest()).decode().rstrip("=")
