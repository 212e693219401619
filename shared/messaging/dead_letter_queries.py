"""What an operator is shown of parked records over HTTP. Invariant: the value of a record is not read."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.operations import NO_DISTRICT
from shared.http.dead_letters import DeadLetter, Order, ShownDeadLetter
from shared.messaging.dead_letter import headers_from_json
from shared.messaging.dead_letter_orders import KIND
from shared.messaging.dead_letter_page import readable

OUR_HEADERS = ("ce_", "content-type", "traceparent")
"""How the names of headers begin that the kit writes itself."""
_COLUMNS = """
    d.id, d.topic, d.partition, d."offset", d.key, d.reason, d.message, d.state, d.parked_at, d.attempts, d.tried_at,
    d.settled_at, d.settled_by, d.settled_reason, o.action AS ordered, o.given_up, o.error
"""
# The last order that is not carried out yet.
_ORDER = f"""
    LEFT JOIN LATERAL (
        SELECT w.payload->>'action' AS action, w.state = 'given_up' AS given_up, w.last_error AS error FROM work w
        WHERE w.district = '{NO_DISTRICT}' AND w.kind = '{KIND}' AND w.state <> 'cancelled'
          AND w.payload->>'letter_id' = d.id::text
        ORDER BY w.id DESC LIMIT 1
    ) o ON true
"""
_LIST = text(f"""
    SELECT {_COLUMNS} FROM dead_letter d {_ORDER}
    WHERE d.consumer = :consumer AND d.state = :state
      AND (CAST(:topic AS text) IS NULL OR d.topic = :topic)
      AND (CAST(:key AS bytea) IS NULL OR d.key = :key)
      AND (CAST(:reason AS text) IS NULL OR d.reason = :reason)
      AND (CAST(:before AS uuid) IS NULL OR d.id < :before)
    ORDER BY d.id DESC LIMIT :limit
""")
_ONE = text(f"""
    SELECT {_COLUMNS}, d.headers, n.ahead, n.behind FROM dead_letter d {_ORDER}
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE c."offset" < d."offset") AS ahead,
               count(*) FILTER (WHERE c."offset" > d."offset") AS behind
        FROM dead_letter c
        WHERE c.consumer = d.consumer AND c.state = 'parked' AND c.topic = d.topic AND c.partition = d.partition
          AND c.key = d.key
    ) n
    WHERE d.consumer = :consumer AND d.id = :id
""")
_STATE = text("SELECT state FROM dead_letter WHERE consumer = :consumer AND id = :id")


def key_bytes(key: str) -> bytes:
    """Return the key that is shown so: text, or hex behind ``0x``. Raises ValueError where that is no hex."""
    return bytes.fromhex(key[2:]) if key.startswith("0x") else key.encode()


async def find_dead_letters(tx: AsyncConnection, prefix: str, wanted: Mapping[str, object]) -> list[DeadLetter]:
    """Return a service's records of one state, what was parked last first.

    ``wanted``: ``consumer``, ``state``, ``before`` (an id or None), ``limit``, and where not None ``topic`` (the
    physical name), ``key`` and ``reason``. ``prefix`` is of physical names. The transaction must be of no district too.
    """
    return [DeadLetter(**_shown(row, prefix)) for row in (await tx.execute(_LIST, wanted)).mappings()]


async def find_dead_letter(tx: AsyncConnection, consumer: str, prefix: str, letter_id: UUID) -> ShownDeadLetter | None:
    """Return one record with its headers and its place in its key, or None."""
    row = (await tx.execute(_ONE, {"consumer": consumer, "id": letter_id})).mappings().one_or_none()
    if row is None:
        return None
    headers = _our_headers(row["headers"])
    return ShownDeadLetter(**_shown(row, prefix), headers=headers, ahead=row["ahead"], behind=row["behind"])


async def state_of_letter(tx: AsyncConnection, consumer: str, letter_id: UUID) -> str | None:
    """Return what has become of a record, or None where there is none of that id."""
    state: str | None = await tx.scalar(_STATE, {"consumer": consumer, "id": letter_id})
    return state


def _shown(row: Mapping[Any, Any], prefix: str) -> dict[str, Any]:
    shown = {name: row[name] for name in DeadLetter.model_fields if name in row}
    key = None if row["key"] is None else readable(row["key"])
    order = Order(action=row["ordered"], given_up=row["given_up"], error=row["error"]) if row["ordered"] else None
    return {**shown, "topic": row["topic"].removeprefix(prefix), "key": key, "order": order}


def _our_headers(stored: Iterable[tuple[str, str | None]]) -> dict[str, str]:
    return {name: readable(value) for name, value in headers_from_json(stored) if name.startswith(OUR_HEADERS)}
