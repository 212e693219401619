"""Checking in and out with the code that the place shows, and showing it.

Invariant: a code opens the shift whose secret made it and nothing else; of one person, none is accepted that is not
newer than the last (RFC 6238, 5.2); digits are counted before they are looked at, so nobody can guess on.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.attendance import repository
from services.activities.attendance.codes import SecretBox, ShiftCodes, read_token, seconds_between
from services.activities.attendance.commands import CheckedIn, CheckedOut, check_in, check_out
from services.activities.attendance.domain import TRIES, TRIES_WITHIN, Attendance
from services.activities.attendance.queries import staffed_shift
from services.activities.signing_up.domain import SignUpState
from shared.contracts import CheckInWay
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.event_log import now


class ShiftCode(BaseModel):
    """What a shift's place shows just now: a QR token and six digits, and how many have come."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "qr_token": "AQfIowGcL24_GnwemlENTIsfKncAA1tZpRkKZbYJ8lFq0mcVw8oB8Q",
                    "qr_valid_until": "2026-03-01T01:00:30Z",
                    "digits": "492039",
                    "digits_valid_until": "2026-03-01T01:01:00Z",
                    "server_time": "2026-03-01T01:00:07Z",
                    "present": 12,
                    "confirmed": 20,
                    "capacity": 20,
                    "clocks_differ_by": 0,
                }
            ]
        }
    )

    qr_token: str
    qr_valid_until: datetime
    digits: str
    digits_valid_until: datetime
    server_time: datetime
    present: int
    confirmed: int
    capacity: int
    clocks_differ_by: int
    """Seconds between this process's clock and the database's: codes are of the first, other processes have others."""


class CodeOf(NamedTuple):
    """A code that was accepted: the shift it is of, and since when it is shown."""

    shift_id: UUID
    code_from: datetime


async def show_code(tx: AsyncConnection, actor: Actor, box: SecretBox, shift_id: UUID) -> ShiftCode:
    """Return a shift's codes of now; the first time, give it the secret that they are made of.

    Raises RefusedError ``not_found`` where the actor does not staff the activity.
    """
    district, shift = actor.district, await staffed_shift(tx, actor, shift_id)
    codes = await _codes(tx, district, box, shift_id)
    if codes is None:
        await repository.add_secret(tx, district, shift_id, box.new(shift_id))
        codes = await _codes(tx, district, box, shift_id)
        assert codes is not None  # noqa: S101 - just added, or by somebody else
    at = now()
    there, after = await repository.count_present(tx, district, shift_id), now()
    token, digits = codes.token(district, at), codes.digits(at)
    return ShiftCode(
        qr_token=token.code,
        qr_valid_until=token.valid_until,
        digits=digits.code,
        digits_valid_until=digits.valid_until,
        server_time=at,
        present=there.present,
        confirmed=shift.taken,
        capacity=shift.capacity,
        clocks_differ_by=seconds_between(at, after, there.at),
    )


async def count_try(tx: AsyncConnection, actor: Actor, volunteer_id: UUID) -> int:
    """Count that a volunteer types a code, and return how many more they may. It must be committed whatever follows.

    Raises RefusedError ``too_often`` with ``again_at``.
    """
    tries = await repository.count_try(tx, actor.district, volunteer_id, now(), TRIES_WITHIN)
    if tries.number > TRIES:
        again_at = tries.since + TRIES_WITHIN
        raise RefusedError(Fault("digits", Code.TOO_OFTEN), again_at=again_at.isoformat())
    return TRIES - tries.number


async def accept_token(tx: AsyncConnection, actor: Actor, box: SecretBox, token: str) -> CodeOf:
    """Return what a QR token opens. Raises RefusedError ``wrong_code``, ``expired`` or ``other_district``."""
    read = read_token(token)
    if read.district != actor.district:
        raise RefusedError(Fault("token", Code.OTHER_DISTRICT))
    codes = await _codes(tx, actor.district, box, read.shift_id)
    if codes is None:
        raise RefusedError(Fault("token", Code.WRONG_CHECK_IN_CODE))
    return CodeOf(read.shift_id, codes.accept_token(read, now()))


async def accept_digits(
    tx: AsyncConnection, actor: Actor, box: SecretBox, shift_id: UUID, digits: str, left: int
) -> CodeOf:
    """Return what six digits open. Raises RefusedError ``wrong_code`` with how many tries are ``left``."""
    codes = await _codes(tx, actor.district, box, shift_id)
    code_from = codes.accept_digits(digits, now()) if codes else None
    if code_from is None:
        raise RefusedError(Fault("digits", Code.WRONG_CHECK_IN_CODE), left=left)
    if actor.volunteer_id:
        await repository.forget_tries(tx, actor.district, actor.volunteer_id)
    return CodeOf(shift_id, code_from)


async def check_in_by_code(tx: AsyncConnection, actor: Actor, code: CodeOf, inside: bool | None) -> CheckedIn:
    """Check oneself in with an accepted code; ``inside`` is whether the phone says so, None where it was not asked.

    Raises RefusedError ``not_found`` where the volunteer is not signed up for the shift, ``code_used``, or as checking
    in does.
    """
    found = await _own(tx, actor, code)
    _check_unused(found, code, SignUpState.CONFIRMED)
    return await check_in(tx, actor, found, CheckInWay.SELF_CHECK_IN, inside=inside, code_from=code.code_from)


async def check_out_by_code(tx: AsyncConnection, actor: Actor, code: CodeOf) -> CheckedOut:
    """Check oneself out with an accepted code. Raises RefusedError as ``check_in_by_code``."""
    found = await _own(tx, actor, code)
    _check_unused(found, code, SignUpState.ATTENDING)
    return await check_out(tx, actor, found, CheckInWay.SELF_CHECK_IN, code_from=code.code_from)


async def _codes(tx: AsyncConnection, district: str, box: SecretBox, shift_id: UUID) -> ShiftCodes | None:
    secret = await repository.secret_of(tx, district, shift_id)
    return box.open(shift_id, secret) if secret else None


async def _own(tx: AsyncConnection, actor: Actor, code: CodeOf) -> Attendance:
    if actor.volunteer_id is None:
        raise RefusedError(Fault("volunteer_id", Code.FORBIDDEN))
    found = await repository.lock_of_volunteer(tx, actor.district, code.shift_id, actor.volunteer_id)
    if found is None:
        raise RefusedError(Fault("sign_up_id", Code.NOT_FOUND))
    return found


def _check_unused(found: Attendance, code: CodeOf, changes: SignUpState) -> None:
    """Raise RefusedError where a code that would change something is not newer than the last one used."""
    if found.state is changes and found.code_from is not None and code.code_from <= found.code_from:
        raise RefusedError(Fault("code", Code.CODE_USED))
