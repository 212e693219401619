"""What somebody has served is carried along to the districts of the installation that they have moved to (ADR 0066).

Invariant: of each district that somebody has moved on from, the others know by `HoursCarried` the sum of its ledger and
the stars awarded there: itself, never what was carried there, so nothing comes back by a roundabout way or is counted
twice. It is work of the queue, for it reads one district and writes in another; it works out the whole anew, says what
is different, and so may be run any number of times. One person's is done by one run at a time: it locks their moves.

It is done when somebody has moved, and after each batch that changes what they have where they left. A batch and the
move may be in work at the same time, and neither see the other (READ COMMITTED): so it is done once more an hour after
the move, by when every transaction of before has long ended.
"""

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.ledger.projections import enter_carried
from services.assessment.register.queries import persons
from services.assessment.rules.queries import current_rules
from services.assessment.stars.moves import Share, lock_moves, moved_of, shares_to_carry
from services.assessment.stars.repository import bring_stars, restate, stars_of
from shared.contracts import HoursCarried, StarLevelReached
from shared.contracts.envelope import Attributes
from shared.contracts.received import Received
from shared.store.event_log import NewEvent, append, now
from shared.work.kind import Item, NewWork, Patience, WorkKind, in_transaction
from shared.work.queue import schedule

KIND = "carry_hours"
AGAIN = timedelta(hours=1)


async def carry_moved(tx: AsyncConnection, events: Sequence[Received[Any]], _: object) -> None:
    """Have the hours of those carried along who have moved, now and once more."""
    at = now()
    await schedule(
        tx,
        [
            NewWork(
                district=event.attributes.district,
                kind=KIND,
                payload={"volunteer_id": str(event.data.volunteer_id)},
                due_at=at + after,
                id=uuid5(event.attributes.id, f"{KIND} {after}"),
            )
            for event in events
            for after in (timedelta(0), AGAIN)
        ],
    )


async def carry_again(tx: AsyncConnection, events: Sequence[Received[Any]], _: object) -> None:
    """Have the hours of those carried along anew whose ledger events have changed where they have moved from."""
    entries = {
        (event.attributes.district, volunteer_id)
        for event in events
        for volunteer_id in (getattr(event.data, "volunteer_id", None), getattr(event.data, "kept_id", None))
        if volunteer_id
    }
    imports = {
        (event.attributes.district, event.data.import_id) for event in events if getattr(event.data, "import_id", None)
    }
    await schedule(
        tx,
        [
            NewWork(
                district=district,
                kind=KIND,
                payload={"volunteer_id": str(volunteer_id)},
                id=uuid5(events[-1].attributes.id, f"{KIND} {district} {volunteer_id}"),
            )
            for district, volunteer_id in await moved_of(tx, entries, imports)
        ],
    )


async def carry_each(tx: AsyncConnection, items: Sequence[Item]) -> None:
    """Carry along what each item's volunteer has served."""
    for item in items:
        await carry(tx, UUID(item.payload["volunteer_id"]), f"work:{item.id}")


async def carry(tx: AsyncConnection, volunteer_id: UUID, caused_by: str) -> None:
    """Tell of what somebody has served in the districts that they have left, where it is not what was told before.

    A level that it leads to is one of the districts that they moved on to, so all is looked at until nothing is
    different.
    """
    for district in await lock_moves(tx, volunteer_id):
        await _raise(tx, district, volunteer_id, caused_by)
    while shares := await shares_to_carry(tx, volunteer_id):
        for district, of_district in groupby(shares, lambda share: share.district):
            await _tell(tx, district, volunteer_id, list(of_district), caused_by)
            await _raise(tx, district, volunteer_id, caused_by)


async def _tell(
    tx: AsyncConnection, district: str, volunteer_id: UUID, shares: Sequence[Share], caused_by: str
) -> None:
    """Announce shares in the district that somebody has moved to, on their account there, and enter them."""
    last = await bring_stars(tx, district, volunteer_id, max(share.stars for share in shares), len(shares))
    told = [
        NewEvent(
            district,
            volunteer_id,
            version,
            HoursCarried(
                volunteer_id=volunteer_id,
                from_district=share.from_district,
                minutes=share.minutes,
                sessions=share.sessions,
                stars=share.stars,
            ),
            caused_by,
        )
        for version, share in enumerate(shares, last - len(shares) + 1)
    ]
    await append(tx, told)
    await enter_carried(tx, [_received(each) for each in told])


def _received(event: NewEvent) -> Received[Any]:
    attributes = Attributes(
        event.event_id,
        event.data.event_type(),
        event.occurred_at,
        str(event.aggregate_id),
        event.version,
        event.district,
    )
    return Received(attributes, event.data)


async def _raise(tx: AsyncConnection, district: str, volunteer_id: UUID, caused_by: str) -> None:
    """Raise a level to what all hours give by the district's rules; stars that were had elsewhere are no news.

    Each time, for a credit that was entered beside what was carried has counted only what it saw.
    """
    persons_now = await persons(tx, [(district, volunteer_id)])
    volunteer_id = persons_now.get((district, volunteer_id), volunteer_id)
    rules = await current_rules(tx, district)
    stars = await stars_of(tx, district, volunteer_id)
    standing = await restate(tx, district, volunteer_id, stars, rules)
    if standing is None:
        return
    reached = StarLevelReached(
        volunteer_id=volunteer_id,
        level=standing.level,
        previous_level=standing.previous_level,
        lifetime_minutes=standing.lifetime_minutes,
        rule_set=rules.name,
    )
    await append(tx, [NewEvent(district, volunteer_id, standing.version, reached, caused_by)])


CARRY_HOURS = WorkKind(name=KIND, run=in_transaction(carry_each), patience=Patience(longest=600))
