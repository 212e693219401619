"""Sending mails again that have failed for good: ordered by an operator once the cause is mended, done by the worker.

Invariant: nothing is sent twice. Only what is ``undeliverable`` is queued anew; what was sent, or may have been, never
is. A mail, its work and the event that names who ordered it commit together. What came too late stays as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.deliveries import mails
from services.notifications.deliveries.domain import MAIL, its_time_has_passed
from services.notifications.deliveries.mails import Which
from services.notifications.preferences.domain import Channel
from shared.contracts import MessageSentAgain
from shared.contracts.actor import Actor
from shared.contracts.calendar import begin_of
from shared.contracts.faults import Code, Fault, RefusedError, reason_fault
from shared.store import event_log
from shared.store.event_log import NewEvent, now
from shared.work.kind import Done, Item, Later, NewWork, Outcome, Patience, WorkKind, in_transaction
from shared.work.queue import schedule

SENDING_AGAIN = "mail_sending_again"
"""The kind of work that an order is. Its payload: ``by``, ``reason``, the period or one delivery, and how far it is."""
AT_ONCE = 500

_BEFORE_ALL = UUID(int=0)


class SendingOrdered(BaseModel):
    """How many mails have failed that are going to be looked at; those whose time has passed are not sent."""

    failed: int


@dataclass(frozen=True, slots=True)
class Period:
    """Days in the district's zone, both included, on which what is told has happened."""

    first: date
    last: date


async def order_one(tx: AsyncConnection, actor: Actor, delivery_id: UUID, reason: str) -> SendingOrdered:
    """Have a mail sent again that has failed for good.

    Raises RefusedError: ``missing`` or ``too_long`` (reason); ``not_found``; ``not_open`` where it has not failed for
    good, ``too_late`` where its time has passed.
    """
    faults = [fault] if (fault := reason_fault(reason)) else []
    row = await mails.find_failed(tx, actor.district, delivery_id)
    if row is None:
        faults.append(Fault("delivery_id", Code.NOT_FOUND))
    elif not row.failed:
        faults.append(Fault("delivery_id", Code.NOT_OPEN))
    elif its_time_has_passed(row.facts, row.occurred_at, now()):
        faults.append(Fault("delivery_id", Code.TOO_LATE))
    if faults:
        raise RefusedError(*faults)
    await _order(tx, actor, reason, {"id": str(delivery_id)})
    return SendingOrdered(failed=1)


async def order_all(tx: AsyncConnection, actor: Actor, period: Period, reason: str) -> SendingOrdered:
    """Have all mails of a district sent again that have failed for good, of what has happened in a period.

    Raises RefusedError: ``missing`` or ``too_long`` (reason), ``end_before_start`` (last_day).
    """
    faults = [fault] if (fault := reason_fault(reason)) else []
    if period.last < period.first:
        faults.append(Fault("last_day", Code.END_BEFORE_START))
    if faults:
        raise RefusedError(*faults)
    since = begin_of(period.first)
    until = begin_of(period.last + timedelta(days=1))
    failed = await mails.count_failed(tx, actor.district, since, until)
    if failed:
        await _order(tx, actor, reason, {"since": since.isoformat(), "until": until.isoformat()})
    return SendingOrdered(failed=failed)


def sending_again_work() -> WorkKind:
    """Return the work of carrying orders out, some mails at a time."""

    async def run(tx: AsyncConnection, items: Sequence[Item]) -> Mapping[Item, Outcome]:
        return {item: await _send_some(tx, item) for item in items}

    return WorkKind(name=SENDING_AGAIN, run=in_transaction(run), patience=Patience(attempts=5))


async def _order(tx: AsyncConnection, actor: Actor, reason: str, which: dict[str, str]) -> None:
    payload = {"by": actor.name, "reason": reason, **which}
    await schedule(tx, [NewWork(district=actor.district, kind=SENDING_AGAIN, payload=payload)])


async def _send_some(tx: AsyncConnection, item: Item) -> Outcome:
    said = item.payload
    after = UUID(said["after"]) if "after" in said else _BEFORE_ALL
    rows = await mails.hold_failed(tx, item.district, _which(said), after, AT_ONCE)
    at = now()
    await _send([row for row in rows if not its_time_has_passed(row.facts, row.occurred_at, at)], tx, item)
    return Later(at, payload={**said, "after": str(rows[-1].id)}) if len(rows) == AT_ONCE else Done()


def _which(said: Mapping[str, Any]) -> Which:
    since, until = (datetime.fromisoformat(said[name]) if name in said else None for name in ("since", "until"))
    return Which(UUID(said["id"]) if "id" in said else None, since, until)


async def _send(rows: Sequence[Row[Any]], tx: AsyncConnection, item: Item) -> None:
    """Queue mails anew, and tell who has ordered it and why."""
    await mails.queue_anew(tx, item.district, [(row.event_id, row.recipient_id) for row in rows])
    await schedule(
        tx,
        [
            NewWork(
                district=row.district,
                kind=MAIL,
                payload={"event_id": str(row.event_id), "recipient_id": str(row.recipient_id)},
                id=row.id,
            )
            for row in rows
        ],
    )
    await event_log.append(tx, [_told(row, item.payload["reason"], item.payload["by"]) for row in rows])


def _told(row: Row[Any], reason: str, by: str) -> NewEvent:
    event = MessageSentAgain(
        delivery_id=row.id,
        volunteer_id=row.recipient_id,
        event_id=row.event_id,
        channel=Channel.EMAIL,
        template=row.template,
        reason=reason,
    )
    return NewEvent(row.district, row.id, 2 * (row.sent_again + 1), event, caused_by=by)
