"""Work by the clock: what was not answered in time ends, and the place is offered to the next.

Invariant: an answer and its deadline are decided under the shift's row lock, so each sign-up gets one of them. An item
whose deadline has been overtaken by an answer finds nothing to do.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.signing_up import repository
from services.activities.signing_up.domain import SignUpState
from services.activities.signing_up.places import SETTLE, Leaving, leave
from shared.contracts import WithdrawalReason
from shared.work.kind import Item, Patience, WorkKind, in_transaction


async def settle_places(tx: AsyncConnection, items: Sequence[Item]) -> None:
    """Settle the shift of each item."""
    for item in items:
        await settle(tx, item.district, UUID(item.payload["shift_id"]), f"work:{item.id}")


async def settle(tx: AsyncConnection, district: str, shift_id: UUID, by: str) -> None:
    """Let those leave a shift who should have answered by now, and offer what is free to those who wait."""
    shift = await repository.lock_shift(tx, district, shift_id)
    if shift is None or shift.is_cancelled:
        return
    leaving = [
        Leaving(sign_up_id, volunteer_id, state, version, _REASONS[state])
        for sign_up_id, volunteer_id, state, version in await repository.unanswered(tx, district, shift_id)
    ]
    await leave(tx, district, shift, leaving, by)


_REASONS = {
    SignUpState.OFFERED: WithdrawalReason.OFFER_EXPIRED,
    SignUpState.ASKED_AGAIN: WithdrawalReason.NOT_AGREED,
}
SETTLE_PLACES = WorkKind(name=SETTLE, run=in_transaction(settle_places), patience=Patience())
