"""The comparison of every night: district by district, by what has changed since each was sealed, or by a full replay.

Invariant: a district of a projection is found equal in one of two ways, and in no third. Replayed: everything that it
has applied gives its rows. Sealed: the rows that no event since the seal has touched, together with a replay of the
touched groups up to the seal, come to the digest that was sealed; so nothing of either has changed since. And the
touched groups, replayed up to now, come to the digest of what is live. Whatever does not add up is replayed in full, so
a difference is only ever said of a full replay, and a false suspicion costs time alone (ADR 0048).

A snapshot is as long as a district takes. A 25th of the districts, those that were replayed longest ago, is replayed
whatever their seals say: by then each has been.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.envelope import UndecodableEventError
from shared.contracts.received import BrokenInvariantError, Received
from shared.messaging.reactions import Rebuildable
from shared.messaging.replay.comparison import TableComparison, compare
from shared.messaging.replay.digest import Adder, Digest, Parted
from shared.messaging.replay.district_log import DISTRICTS, DistrictLog, Logged, producers_logs
from shared.messaging.replay.event_logs import EventLogs
from shared.messaging.replay.rebuild import Rebuild, not_applied, shadows, snapshot
from shared.messaging.replay.seal import MOST_OPEN, LogCut, Seal, keep_seal, read_seals
from shared.messaging.replay.source import EventTypes, Scope
from shared.ops.terminal import OnProgress
from shared.store.engine import Store
from shared.store.projection import rows_of

NIGHTS = 25
"""Within so many comparisons every district is replayed in full."""
MOST = 20_000
"""Events, since a seal or in the history of what they touch, that are applied one by one; of more than that a full
replay, in bulk, is the shorter way."""
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

    def add(self, proof: "_Proof") -> None:
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


class _Proof(NamedTuple):
    """What was found of one district; without a seal where it differs, or too much was open."""

    tables: Sequence[TableComparison]
    applied: int
    position: int
    in_full: bool
    seal: Seal | None


class _DoesNotAddUpError(Exception):
    """What is sealed and what has changed since do not come to what is there."""


@dataclass(frozen=True)
class _District:
    """A district in one snapshot: the service's own database, and what the producers' logs have of it."""

    tx: AsyncConnection
    logs: Mapping[str, DistrictLog]
    code: str
    consumer: str
    url_of: Callable[[str], str]
    snapshot: str

    async def prove(self, rebuilt: Rebuildable, adder: Adder, seal: Seal | None) -> _Proof:
        """Compare a projection: by the seal where there is one and it holds, else in full."""
        if seal:
            try:
                async with self._undone():
                    return await self._by_seal(rebuilt, adder, seal)
            except (_DoesNotAddUpError, BrokenInvariantError, UndecodableEventError):
                pass
        async with self._undone():
            return await self._in_full(rebuilt, adder)

    @asynccontextmanager
    async def _undone(self) -> AsyncIterator[None]:
        """Leave the shadow as it was, whatever is done within."""
        savepoint = await self.tx.begin_nested()
        try:
            yield
        finally:
            await savepoint.rollback()

    async def _in_full(self, rebuilt: Rebuildable, adder: Adder) -> _Proof:
        cut = {service: await self._cut(service) for service in _producers([rebuilt])}
        exported = self.snapshot if rebuilt.own_log else None
        rebuild = Rebuild(self.tx, rebuilt, self.consumer)
        await rebuild.run(EventLogs(self.url_of, rebuilt, Scope(district=self.code), exported))
        tables = await compare(self.tx, rebuilt.projection, "pg_temp", self.code)
        sealed = {
            service: LogCut(*end, sorted(one.position for one in rebuild.open[service] if one.position <= end[0]))
            for service, end in cut.items()
        }
        seal = None
        if not any(table.differing for table in tables):
            live = await adder.add_up(self.tx, "public", self.code)
            seal = _seal(sealed, {table: parts.others for table, parts in live.items()}, None)
        return _Proof(tables, rebuild.applied, _position(sealed), in_full=True, seal=seal)

    async def _by_seal(self, rebuilt: Rebuildable, adder: Adder, seal: Seal) -> _Proof:
        """Raise _DoesNotAddUpError unless the district is certain to be equal."""
        types = EventTypes(rebuilt.events)
        if seal.cut.keys() != _producers([rebuilt]):
            raise _DoesNotAddUpError
        applied, cut = list[Received[Any]](), dict[str, LogCut]()
        for service, sealed in seal.cut.items():
            if await self.logs[service].count(sealed.position) != sealed.events:
                raise _DoesNotAddUpError
            since = await self.logs[service].since(types, sealed, MOST)
            if len(applied) + len(since) > MOST:
                raise _DoesNotAddUpError
            still_open = await self._open(rebuilt, since)
            cut[service] = LogCut(*await self._cut(service), sorted(still_open))
            applied += [event for position, event in since if position not in still_open]
        before, now, live = await self._touched(rebuilt, adder, seal, types, applied)
        for table, sealed_digest in seal.digests.items():
            if live[table].others + before[table] != sealed_digest or live[table].touched != now[table]:
                raise _DoesNotAddUpError
        whole = {table: parts.others + parts.touched for table, parts in live.items()}
        tables = [TableComparison(table, digest.rows, digest.rows, 0, ()) for table, digest in whole.items()]
        return _Proof(tables, len(applied), _position(cut), in_full=False, seal=_seal(cut, whole, seal.replayed_at))

    async def _touched(
        self, rebuilt: Rebuildable, adder: Adder, seal: Seal, types: EventTypes, applied: Sequence[Received[Any]]
    ) -> tuple[Mapping[str, Digest], Mapping[str, Digest], Mapping[str, Parted]]:
        """Replay the groups that events have touched; return the digests of them as sealed, as now, and what is live.

        Where their events are looked for in the live tables, which may be wrong, what is not found is missed by the
        sealed digest.
        """
        projection, groups = rebuilt.projection, _groups_touched(rebuilt, applied)
        live = await adder.add_up(self.tx, "public", self.code, groups)
        if live.keys() != seal.digests.keys():
            raise _DoesNotAddUpError
        nothing = dict.fromkeys(live, Digest())
        if not applied:
            return nothing, nothing, live
        history = await self._history(rebuilt, seal, types, groups, applied)
        if history:
            await projection.project(self.tx, history)
        before = await adder.add_up(self.tx, "pg_temp", self.code)
        await projection.project(self.tx, applied)
        now = await adder.add_up(self.tx, "pg_temp", self.code)
        return _all_of(before), _all_of(now), live

    async def _history(
        self,
        rebuilt: Rebuildable,
        seal: Seal,
        types: EventTypes,
        groups: set[UUID],
        applied: Sequence[Received[Any]],
    ) -> list[Received[Any]]:
        """Return what the groups had applied when they were sealed."""
        of, aggregates = rebuilt.projection.groups, groups
        if of is None:
            raise _DoesNotAddUpError
        if of.members:
            first = rebuilt.projection.tables[0].name
            members = await self.tx.scalars(
                text(f"""
                    SELECT DISTINCT {of.members} FROM public.{first}
                    WHERE district = :district AND {of.columns[first]} = ANY(:groups)
                """),
                {"district": self.code, "groups": list(groups)},
            )
            aggregates = {*members, *(UUID(event.attributes.subject) for event in applied)}
        found: list[Received[Any]] = []
        for service, sealed in seal.cut.items():
            history = await self.logs[service].history(types, sealed, aggregates, MOST)
            if len(found) + len(history) > MOST:
                raise _DoesNotAddUpError
            found += [event for _, event in history if of.of(event) in groups]
        return found

    async def _open(self, rebuilt: Rebuildable, since: Sequence[Logged]) -> set[int]:
        """Return the positions of those that the live projection has not applied."""
        if rebuilt.own_log or not since:
            return set()
        unknown = await not_applied(self.tx, self.consumer, [one.event.attributes.id for one in since])
        return {position for position, event in since if event.attributes.id in unknown}

    async def _cut(self, service: str) -> tuple[int, int]:
        end = await self.logs[service].end()
        return end, await self.logs[service].count(end)


def _groups_touched(rebuilt: Rebuildable, applied: Iterable[Received[Any]]) -> set[UUID]:
    """Return the groups that events touch. Raises _DoesNotAddUpError where they may touch anything."""
    events = list(applied)
    if events and not rebuilt.projection.groups:
        raise _DoesNotAddUpError
    return {rebuilt.projection.groups.of(event) for event in events} if rebuilt.projection.groups else set()


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
        producers = await stack.enter_async_context(producers_logs(_producers(rebuilt), service, url_of))
        adders = {name: await Adder.of(session, one.rebuilt.projection) for name, one in found.items()}
        seals = await read_seals(session)
        codes = [district] if district else await _districts(session, rebuilt, producers.connections.values())
        await session.commit()
        due = codes if full else _due(codes, seals, found)
        for code in codes:
            proofs = dict[str, _Proof]()
            async with snapshot(session):
                exported = str(await session.scalar(_EXPORT))
                async with producers.of_district(code, exported) as logs:
                    of = _District(session, logs, code, service, url_of, exported)
                    for name, one in found.items():
                        seal = None if code in due else seals.get((code, name))
                        try:
                            proofs[name] = await of.prove(one.rebuilt, adders[name], seal)
                        except (BrokenInvariantError, UndecodableEventError, DBAPIError) as fault:
                            one.fault = fault
            await _empty(session, rebuilt)
            async with store.transaction() as tx:
                for name in found:
                    await keep_seal(tx, code, name, proofs[name].seal if name in proofs else None)
            for name, proof in proofs.items():
                found[name].add(proof)
                advance(sum(table.rebuilt for table in proof.tables))
    return list(found.values())


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


def _producers(rebuilt: Iterable[Rebuildable]) -> set[str]:
    return {event.publisher() for each in rebuilt for event in each.events}


def _position(cut: Mapping[str, LogCut]) -> int:
    return max((log.position for log in cut.values()), default=0)


def _seal(cut: Mapping[str, LogCut], digests: Mapping[str, Digest], replayed_at: datetime | None) -> Seal | None:
    if any(len(log.open) > MOST_OPEN for log in cut.values()):
        return None
    return Seal(cut, digests, replayed_at)


def _all_of(parted: Mapping[str, Parted]) -> dict[str, Digest]:
    return {table: parts.touched + parts.others for table, parts in parted.items()}
