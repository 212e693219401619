"""The comparison of every night: district by district, by what has changed since each was sealed, or by a full replay.

Invariant: each district is proven by itself (``proof.py``), in a snapshot as long as that takes, and its seal is kept
or broken by what was found. A 25th of the districts, those that were replayed longest ago, is replayed whatever their
seals say: within 25 comparisons each has been.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.envelope import UndecodableEventError
from shared.contracts.received import BrokenInvariantError
from shared.messaging.reactions import Rebuildable
from shared.messaging.replay.comparison import TableComparison
from shared.messaging.replay.digest import Adder
from shared.messaging.replay.district_log import DISTRICTS, producers_logs
from shared.messaging.replay.proof import District, Proof, producers_of
from shared.messaging.replay.rebuild import shadows, snapshot
from shared.messaging.replay.seal import Seal, keep_seal, read_seals
from shared.ops.terminal import OnProgress
from shared.store.engine import Store
from shared.store.projection import rows_of

NIGHTS = 25
"""Within so many comparisons every district is replayed in full."""
_EXPORT = text("SELECT pg_export_snapshot()")


@dataclass
class Found:
    """What came of one projection, over the districts that were compared."""

    rebuilt: Rebuildable
    tables: dict[str, TableComparison] = field(default_factory=dict)
    applied: int = 0
    """Events that were applied again."""
    position: int = 0
    replayed: int = 0
    """Districts that were replayed in full."""
    sealed: int = 0
    """Districts that were found equal by what has changed."""
    oldest: datetime | None = None
    """Since when every district has been replayed in full."""
    fault: Exception | None = None

    @property
    def differing(self) -> int:
        """How many rows differ."""
        return sum(table.differing for table in self.tables.values())

    def add(self, proof: Proof) -> None:
        """Put a district to the others."""
        for table in proof.tables:
            so_far = self.tables.get(table.table, TableComparison(table.table, 0, 0, 0, ()))
            self.tables[table.table] = so_far + table
        self.applied += proof.applied
        self.position = max(self.position, proof.position)
        self.replayed += proof.in_full
        self.sealed += not proof.in_full
        if proof.seal:
            replayed_at = proof.seal.replayed_at or datetime.now(UTC)
            self.oldest = min(replayed_at, self.oldest or replayed_at)


async def compare_by_district(
    store: Store,
    service: str,
    rebuilt: Sequence[Rebuildable],
    url_of: Callable[[str], str],
    advance: OnProgress,
    *,
    district: str | None = None,
    full: bool = False,
) -> list[Found]:
    """Compare projections that follow from event logs, and keep the seals; of one district or of all.

    ``full``: replay all of every district. ``store`` is the worker's, ``url_of`` gives a service's database as its
    worker. ``advance`` is told how many rows were compared. A projection that cannot be replayed has its fault in what
    is found. Raises BusyError and what the databases raise.
    """
    found = {each.projection.name: Found(each) for each in rebuilt}
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(shadows(store, [each.projection for each in rebuilt]))
        producers = await stack.enter_async_context(producers_logs(producers_of(rebuilt), service, url_of))
        adders = {name: await Adder.of(session, one.rebuilt.projection) for name, one in found.items()}
        seals = await read_seals(session)
        codes = [district] if district else await _districts(session, rebuilt, producers.connections.values())
        await session.commit()
        due = codes if full else _due(codes, seals, found)
        for code in codes:
            holding = {name: seals[code, name] for name in found if (code, name) in seals and code not in due}
            async with snapshot(session):
                exported = str(await session.scalar(_EXPORT))
                async with producers.of_district(code, exported) as logs:
                    of = District(session, logs, code, service, url_of, exported)
                    proofs = await _prove(of, found.values(), adders, holding)
            await _empty(session, rebuilt)
            async with store.transaction() as tx:
                for name in found:
                    await keep_seal(tx, code, name, proofs[name].seal if name in proofs else None)
            for name, proof in proofs.items():
                found[name].add(proof)
                advance(sum(table.rebuilt for table in proof.tables))
    return list(found.values())


async def _prove(
    of: District, found: Iterable[Found], adders: Mapping[str, Adder], seals: Mapping[str, Seal]
) -> dict[str, Proof]:
    """Prove each projection, or note what keeps it from being replayed."""
    proofs = {}
    for one in found:
        name = one.rebuilt.projection.name
        try:
            proofs[name] = await of.prove(one.rebuilt, adders[name], seals.get(name))
        except (BrokenInvariantError, UndecodableEventError, DBAPIError) as fault:
            one.fault = fault
    return proofs


def _due(codes: Sequence[str], seals: Mapping[tuple[str, str], Seal], projections: Iterable[str]) -> Sequence[str]:
    """Return the districts whose turn it is to be replayed in full."""
    last = defaultdict[str, list[datetime]](list)
    for (code, name), seal in seals.items():
        if name in projections and seal.replayed_at:
            last[code].append(seal.replayed_at)
    longest_ago = sorted(codes, key=lambda code: (min(last[code], default=datetime.min.replace(tzinfo=UTC)), code))
    return longest_ago[: -(-len(codes) // NIGHTS)]


async def _districts(session: AsyncConnection, rebuilt: Sequence[Rebuildable], logs: Iterable[Any]) -> list[str]:
    """Return every district that the live tables or the logs know of."""
    codes = set[str]()
    for table in {table.name for each in rebuilt for table in each.projection.tables}:
        codes |= set((await session.scalars(text(DISTRICTS.format(table=f"public.{table}")))).all())
    for log in logs:
        codes |= {row["district"] for row in await log.fetch(DISTRICTS.format(table="event_log"))}
    return sorted(codes)


async def _empty(session: AsyncConnection, rebuilt: Iterable[Rebuildable]) -> None:
    """Give back what undone rows take in the shadow; no READ ONLY transaction may."""
    projections = [each.projection for each in rebuilt]
    tables = {table.name for each in projections for table in each.tables}
    tables |= {rows_of(event) for each in projections for event in each.in_bulk}
    await session.exec_driver_sql(f"TRUNCATE {', '.join(f'pg_temp.{table}' for table in sorted(tables))}")
    await session.commit()
