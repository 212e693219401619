"""What is remembered of a comparison that found a district's rows equal to their replay.

Invariant: a seal says that at one moment the rows with these digests were what the events before its cut give, but for
those that were still open. It is written when that has been found, and gone as soon as anything else is.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.messaging.replay.digest import Digest

MOST_OPEN = 1000
"""Events that may be open in a stretch that is sealed: parked ones, and what was on its way."""
_READ = text("SELECT district, projection, cut, digests, replayed_at FROM comparison_seal")
_KEEP = text("""
    INSERT INTO comparison_seal (district, projection, cut, digests, sealed_at, replayed_at)
    VALUES (:district, :projection, CAST(:cut AS jsonb), CAST(:digests AS jsonb), clock_timestamp(),
            coalesce(:replayed_at, clock_timestamp()))
    ON CONFLICT (district, projection) DO UPDATE
    SET cut = excluded.cut, digests = excluded.digests, sealed_at = excluded.sealed_at,
        replayed_at = excluded.replayed_at
""")
_BREAK = text("DELETE FROM comparison_seal WHERE district = :district AND projection = :projection")


class LogCut(NamedTuple):
    """How much of a district's log a stretch is, and which of its events the projection had not applied."""

    position: int
    events: int
    """Of any type: one more, and a transaction that was under way has committed since."""
    open: Sequence[int]
    """Positions."""


class Seal(NamedTuple):
    """A district of a projection, as it was found equal."""

    cut: Mapping[str, LogCut]
    """By producing service."""
    digests: Mapping[str, Digest]
    """By table."""
    replayed_at: datetime | None
    """When all of it was last replayed; None: just now."""


async def read_seals(tx: AsyncConnection) -> dict[tuple[str, str], Seal]:
    """Return every seal by district and projection."""
    return {
        (row.district, row.projection): Seal(
            {service: LogCut(*cut) for service, cut in row.cut.items()},
            {table: Digest(rows, int(total)) for table, (rows, total) in row.digests.items()},
            row.replayed_at,
        )
        for row in await tx.execute(_READ)
    }


async def keep_seal(tx: AsyncConnection, district: str, projection: str, seal: Seal | None) -> None:
    """Keep the seal of a district, or break it."""
    of = {"district": district, "projection": projection}
    if seal is None:
        await tx.execute(_BREAK, of)
        return
    # a sum has more digits than a number of JSON keeps for everybody
    summed = {table: (digest.rows, str(digest.sum)) for table, digest in seal.digests.items()}
    kept = {"cut": json.dumps(seal.cut), "digests": json.dumps(summed), "replayed_at": seal.replayed_at}
    await tx.execute(_KEEP, {**of, **kept})
