"""Codes on file, and texts that are due.

Invariant: nothing of a code, and of a point of contact, is on file in clear: codes, destinations and subjects are keyed
digests, texts are sealed. What somebody may do only so often to a point of contact is counted by its rows here, under
a lock of that point, so it holds exactly and for every process.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.codes.domain import A_DAY, AGAIN_AFTER, GOOD_FOR, WRONG_TRIES, Channel, Purpose, Template, Text
from services.registry.people.domain.privacy import KeyRing
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.engine import Store
from shared.store.event_log import new_id, now
from shared.work.kind import NewWork
from shared.work.queue import schedule

WORK = "text"
_DAY = timedelta(days=1)

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(encode(:destination, 'hex'), 0))")
_RECENT = text("""
    SELECT made_at FROM one_time_code
    WHERE destination = :destination AND made_at > clock_timestamp() - CAST(:day AS interval)
    ORDER BY made_at DESC LIMIT :limit
""")
_INSERT = text("""
    INSERT INTO one_time_code (id, purpose, destination, subject, digest)
    VALUES (:id, :purpose, :destination, :subject, :digest)
""")
_NEWEST = """
    SELECT id FROM one_time_code WHERE purpose = :purpose AND subject = :subject ORDER BY made_at DESC LIMIT 1
"""
_FRESH = "made_at > clock_timestamp() - CAST(:good_for AS interval)"
# A code that was used stays right: the request that used it may be sent again, and is then answered as before.
_TRY = text(f"""
    UPDATE one_time_code SET wrong_tries = wrong_tries + CASE WHEN digest = :digest THEN 0 ELSE 1 END
    WHERE id = ({_NEWEST}) AND wrong_tries < :wrong_tries AND ({_FRESH} OR used_at IS NOT NULL)
    RETURNING digest = :digest
""")
_USE = text(f"""
    UPDATE one_time_code SET used_at = clock_timestamp()
    WHERE id = ({_NEWEST}) AND digest = :digest AND wrong_tries < :wrong_tries AND {_FRESH} AND used_at IS NULL
    RETURNING id
""")
_SWEEP = text("DELETE FROM one_time_code WHERE made_at < clock_timestamp() - CAST(:day AS interval)")


async def wait_for_another(tx: AsyncConnection, destination: bytes) -> timedelta | None:
    """Become the one who sends a code to a destination; return how long that has to wait, where it has to."""
    await tx.execute(_LOCK, {"destination": destination})
    rows = await tx.scalars(_RECENT, {"destination": destination, "day": _DAY, "limit": A_DAY})
    return _wait(list(rows.all()), now())


def _wait(made_at: list[datetime], at: datetime) -> timedelta | None:
    """Return how long another code has to wait after those of the last day, the newest first."""
    waits = [made_at[0] + AGAIN_AFTER - at] if made_at else []
    waits += [made_at[-1] + _DAY - at] if len(made_at) >= A_DAY else []
    return max((wait for wait in waits if wait > timedelta(0)), default=None)


async def keep_code(tx: AsyncConnection, purpose: Purpose, destination: bytes, subject: bytes, digest: bytes) -> None:
    """Put a code on file; of a purpose and subject, the newest alone is good."""
    code = {"purpose": purpose, "destination": destination, "subject": subject, "digest": digest}
    await tx.execute(_INSERT, {"id": new_id(), **code})


async def try_code(tx: AsyncConnection, purpose: Purpose, subject: bytes, digest: bytes) -> bool:
    """Return whether a code is right, and count it where it is wrong: the transaction must commit either way."""
    tried = {"purpose": purpose, "subject": subject, "digest": digest, "good_for": GOOD_FOR, "wrong_tries": WRONG_TRIES}
    return bool(await tx.scalar(_TRY, tried))


async def prove(store: Store, keys: KeyRing, purpose: Purpose, subject: bytes, code: str, field: str = "code") -> bytes:
    """Return the digest of a right code, to be used up later. Raises RefusedError (wrong_code), and counts that."""
    digest = keys.code_digest(purpose, subject, code.strip())
    async with store.transaction() as tx:
        right = await try_code(tx, purpose, subject, digest)
    if not right:
        raise wrong_code(field)
    return digest


def wrong_code(field: str = "code") -> RefusedError:
    """Return the refusal of a code, whatever is wrong with it."""
    return RefusedError(Fault(field, Code.WRONG_CODE))


async def use_code(tx: AsyncConnection, purpose: Purpose, subject: bytes, digest: bytes, field: str = "code") -> None:
    """Use a code up, with what it was asked for. Raises RefusedError (wrong_code): wrong, too old, or used already."""
    used = {"purpose": purpose, "subject": subject, "digest": digest, "good_for": GOOD_FOR, "wrong_tries": WRONG_TRIES}
    if await tx.scalar(_USE, used) is None:
        raise wrong_code(field)


async def forget_old_codes(tx: AsyncConnection) -> None:
    """Delete what counts for nothing any more."""
    await tx.execute(_SWEEP, {"day": _DAY})


async def send_later(tx: AsyncConnection, keys: KeyRing, district: str, message: Text | None) -> None:
    """Have a text sent once the transaction commits; None does the same work, and nothing is sent."""
    work_id = new_id()
    content = json.dumps(asdict(message) if message else None, ensure_ascii=False).encode()
    payload = {"sealed": base64.b64encode(keys.seal_text(work_id, content)).decode()}
    await schedule(tx, [NewWork(district=district, kind=WORK, payload=payload, id=work_id)])


def opened(keys: KeyRing, work_id: UUID, payload: Mapping[str, Any]) -> Text | None:
    """Return the text of an item of work."""
    content = json.loads(keys.open_text(work_id, base64.b64decode(payload["sealed"])))
    if content is None:
        return None
    parsed = {"channel": Channel(content["channel"]), "template": Template(content["template"])}
    return Text(**content | parsed)
