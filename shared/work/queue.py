"""The statements on the table ``work``: schedule, claim, renew, conclude.

Invariant: a row is claimed by at most one worker, which is told by ``claimed_at``; every statement that changes a
claimed row asks for that moment, so a claim that ran out and was made anew, or that an operator took away, changes
nothing any more. Load-bearing: ``FOR UPDATE SKIP LOCKED`` over rows whose lease is over, and the unique index
``work_lane_taken``: of a lane one item is claimed at a time.

A claim holds for ``LEASE_SECONDS`` and is renewed while its process lives; work of a killed process is taken up again
when that time is over.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.store.engine import Store
from shared.work.kind import Item, NewWork, WorkKind

LEASE_SECONDS = 10.0

_SCHEDULE = text("""
    INSERT INTO work (district, id, kind, lane, payload, due_at)
    SELECT w.district, w.id, w.kind, w.lane, w.payload::json, w.due_at
    FROM unnest(CAST(:district AS text[]), CAST(:id AS uuid[]), CAST(:kind AS text[]), CAST(:lane AS text[]),
                CAST(:payload AS text[]), CAST(:due_at AS timestamptz[]))
         AS w(district, id, kind, lane, payload, due_at)
    ON CONFLICT (district, id) DO NOTHING
""")
# Of a lane: the one that was claimed before is finished first; else the oldest.
_CLAIM = text("""
    WITH due AS MATERIALIZED (
        SELECT w.district, w.id
        FROM unnest(CAST(:kinds AS text[]), CAST(:batches AS int[])) AS k(kind, batch)
        CROSS JOIN LATERAL (
            SELECT c.district, c.id FROM work c
            WHERE c.kind = k.kind AND c.state = 'open' AND c.due_at <= clock_timestamp()
              AND (c.lease_until IS NULL OR c.lease_until <= clock_timestamp())
              AND (c.lane IS NULL OR NOT EXISTS (
                  SELECT FROM work o
                  WHERE o.district = c.district AND o.lane = c.lane AND o.state = 'open' AND o.id <> c.id
                    AND (o.claimed_at IS NOT NULL OR c.claimed_at IS NULL AND o.id < c.id)))
            ORDER BY c.due_at LIMIT k.batch FOR UPDATE SKIP LOCKED
        ) w
    )
    UPDATE work w
    SET claimed_at = clock_timestamp(), lease_until = clock_timestamp() + make_interval(secs => :lease),
        attempts = w.attempts + 1
    FROM due WHERE w.district = due.district AND w.id = due.id
    RETURNING w.district, w.id, w.kind, w.payload, w.attempts, w.created_at, w.claimed_at, w.due_at
""")
_OURS = """
    FROM unnest(CAST(:district AS text[]), CAST(:id AS uuid[]), CAST(:claimed_at AS timestamptz[]))
         AS o(district, id, claimed_at)
    JOIN work w ON w.district = o.district AND w.id = o.id AND w.claimed_at = o.claimed_at AND w.state = 'open'
"""
# Skipped are those whose run holds them locked just now: nobody else can claim them either.
_RENEW = text(f"""
    WITH ours AS MATERIALIZED (SELECT w.district, w.id {_OURS} FOR UPDATE OF w SKIP LOCKED)
    UPDATE work w SET lease_until = clock_timestamp() + make_interval(secs => :lease)
    FROM ours WHERE w.district = ours.district AND w.id = ours.id
""")
_STILL_OURS = text(f"SELECT w.id {_OURS}")
_GIVE_BACK = text(f"""
    WITH ours AS MATERIALIZED (SELECT w.district, w.id {_OURS} FOR UPDATE OF w SKIP LOCKED)
    UPDATE work w SET claimed_at = NULL, lease_until = NULL, attempts = greatest(w.attempts - 1, 0)
    FROM ours WHERE w.district = ours.district AND w.id = ours.id
""")
_CONCLUDE = text("""
    WITH concluded AS (
        SELECT * FROM unnest(
            CAST(:district AS text[]), CAST(:id AS uuid[]), CAST(:claimed_at AS timestamptz[]), CAST(:state AS text[]),
            CAST(:kind AS text[]), CAST(:payload AS text[]), CAST(:due_at AS timestamptz[]), CAST(:attempts AS int[]),
            CAST(:error AS text[]), CAST(:leaves_lane AS bool[]))
            AS c(district, id, claimed_at, state, kind, payload, due_at, attempts, error, leaves_lane)
    ), done AS (
        DELETE FROM work w USING concluded c
        WHERE w.district = c.district AND w.id = c.id AND w.claimed_at = c.claimed_at AND w.state = 'open'
          AND c.state = 'done'
        RETURNING w.id
    ), going_on AS (
        UPDATE work w
        SET state = c.state, kind = c.kind, payload = coalesce(c.payload::json, w.payload), due_at = c.due_at,
            attempts = c.attempts, last_error = c.error, lane = CASE WHEN c.leaves_lane THEN NULL ELSE w.lane END,
            claimed_at = NULL, lease_until = NULL,
            given_up_at = CASE WHEN c.state = 'given_up' THEN clock_timestamp() END
        FROM concluded c
        WHERE w.district = c.district AND w.id = c.id AND w.claimed_at = c.claimed_at AND w.state = 'open'
          AND c.state <> 'done'
        RETURNING w.id
    )
    SELECT (SELECT count(*) FROM done) + (SELECT count(*) FROM going_on)
""")
CLAIMED = """
    SELECT district, id FROM work
    WHERE district = :district AND id = :id AND claimed_at = :claimed_at AND state = 'open' FOR UPDATE
"""
"""The part of a statement (WITH … AS) that holds an item to the commit, and gives its key, while it is ours."""
PROGRESS = """
    UPDATE work SET attempts = 1
    WHERE district = :district AND id = :id AND claimed_at = :claimed_at AND state = 'open' RETURNING district, id
"""
"""The part of a statement (WITH … AS) by which a long run says that it has got on with an item.

The attempts are counted anew, and what is joined to it happens only while the claim is ours. It needs ``district``,
``id`` and ``claimed_at``; once it is committed, the run sets ``item.attempts`` to 1 too.
"""


class ClaimLostError(Exception):
    """An item is no longer ours: its claim ran out and somebody else has it, or an operator cancelled it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """How an item stands from now on. ``state``: ``done`` (the row goes), ``open`` or ``given_up``."""

    item: Item
    state: str
    kind: str
    due_at: datetime
    attempts: int
    error: str | None = None
    payload: Mapping[str, object] | None = None
    leaves_lane: bool = False


async def schedule(tx: AsyncConnection, work: Sequence[NewWork]) -> None:
    """Schedule work in the caller's transaction, by one statement: it will be done if that commits, else not."""
    if not work:
        return
    await tx.execute(
        _SCHEDULE,
        {
            "district": [item.district for item in work],
            "id": [item.id for item in work],
            "kind": [item.kind for item in work],
            "lane": [item.lane for item in work],
            "payload": [json.dumps(item.payload) for item in work],
            "due_at": [item.due_at for item in work],
        },
    )


async def claim(store: Store, kinds: Collection[WorkKind]) -> list[Item]:
    """Claim what is due of these kinds, a batch of each at most; those due the longest come first."""
    wanted = {
        "kinds": [kind.name for kind in kinds],
        "batches": [kind.batch for kind in kinds],
        "lease": LEASE_SECONDS,
    }
    try:
        async with store.transaction() as tx:
            rows = (await tx.execute(_CLAIM, wanted)).all()
    except IntegrityError:
        return []  # somebody has claimed another item of a lane at the same moment
    return [
        Item(row.district, row.id, row.kind, row.payload, row.attempts, row.created_at, row.claimed_at)
        for row in sorted(rows, key=lambda row: row.due_at)
    ]


async def renew(store: Store, items: Collection[Item]) -> None:
    """Let the claims on these items hold for ``LEASE_SECONDS`` from now, as far as they are ours still."""
    async with store.transaction() as tx:
        await tx.execute(_RENEW, {**_claims(items), "lease": LEASE_SECONDS})


async def give_back(store: Store, items: Collection[Item]) -> None:
    """Let others claim these items at once; the attempt is not counted."""
    async with store.transaction() as tx:
        await tx.execute(_GIVE_BACK, _claims(items))


async def still_ours(store: Store, items: Sequence[Item]) -> list[Item]:
    """Return those of the items that we have a claim on."""
    async with store.transaction() as tx:
        ids = set((await tx.execute(_STILL_OURS, _claims(items))).scalars())
    return [item for item in items if item.id in ids]


async def conclude(tx: AsyncConnection, conclusions: Sequence[Conclusion]) -> None:
    """Note how claimed items stand. Raises ClaimLostError where one is not ours: the caller's effects must not stay."""
    noted = await tx.scalar(
        _CONCLUDE,
        {
            **_claims([conclusion.item for conclusion in conclusions]),
            "state": [c.state for c in conclusions],
            "kind": [c.kind for c in conclusions],
            "payload": [None if c.payload is None else json.dumps(c.payload) for c in conclusions],
            "due_at": [c.due_at for c in conclusions],
            "attempts": [c.attempts for c in conclusions],
            "error": [c.error for c in conclusions],
            "leaves_lane": [c.leaves_lane for c in conclusions],
        },
    )
    if noted != len(conclusions):
        raise ClaimLostError


def _claims(items: Collection[Item]) -> dict[str, list[object]]:
    return {
        "district": [item.district for item in items],
        "id": [item.id for item in items],
        "claimed_at": [item.claimed_at for item in items],
    }
