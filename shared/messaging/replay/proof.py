"""The proof that a projection's rows of one district are what its events give, in one snapshot.

Invariant: there are two ways, and no third. In full: everything that has been applied gives the rows. By a seal: the
rows that no event since has touched, together with a replay of the touched groups up to the seal, come to the digest
that was sealed, so nothing of either has changed since; and the touched groups, replayed up to now, come to the digest
of what is live. Whatever does not add up is replayed in full, so a difference is only ever said of a full replay, and a
false suspicion costs time alone (ADR 0048).
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.envelope import UndecodableEventError
from shared.contracts.received import BrokenInvariantError, Received
from shared.messaging.reactions import Rebuildable
from shared.messaging.replay.comparison import TableComparison, compare
from shared.messaging.replay.digest import Adder, Digest, Parted
from shared.messaging.replay.district_log import DistrictLog, Logged
from shared.messaging.replay.event_logs import EventLogs
from shared.messaging.replay.rebuild import Rebuild, not_applied
from shared.messaging.replay.seal import MOST_OPEN, LogCut, Seal
from shared.messaging.replay.source import EventTypes, Scope

MOST = 20_000
"""Events, since a seal or in the history of what they touch, that are applied one by one; of more than that a full
replay, in bulk, is the shorter way."""


class Proof(NamedTuple):
    """What was found of one district; without a seal where it differs, or too much was open."""

    tables: Sequence[TableComparison]
    applied: int
    position: int
    in_full: bool
    seal: Seal | None


class _DoesNotAddUpError(Exception):
    """What is sealed and what has changed since do not come to what is there."""


@dataclass(frozen=True)
class District:
    """A district in one snapshot: the service's own database, and what the producers' logs have of it."""

    tx: AsyncConnection
    logs: Mapping[str, DistrictLog]
    code: str
    consumer: str
    url_of: Callable[[str], str]
    snapshot: str

    async def prove(self, rebuilt: Rebuildable, adder: Adder, seal: Seal | None) -> Proof:
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

    async def _in_full(self, rebuilt: Rebuildable, adder: Adder) -> Proof:
        cut = {service: await self._cut(service) for service in producers_of([rebuilt])}
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
        return Proof(tables, rebuild.applied, _position(sealed), in_full=True, seal=seal)

    async def _by_seal(self, rebuilt: Rebuildable, adder: Adder, seal: Seal) -> Proof:
        """Raise _DoesNotAddUpError unless the district is certain to be equal."""
        types = EventTypes(rebuilt.events)
        if seal.cut.keys() != producers_of([rebuilt]):
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
        return Proof(tables, len(applied), _position(cut), in_full=False, seal=_seal(cut, whole, seal.replayed_at))

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
        if not groups:
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


def _groups_touched(rebuilt: Rebuildable, applied: Sequence[Received[Any]]) -> set[UUID]:
    """Return the groups that events touch. Raises _DoesNotAddUpError where they may touch anything."""
    groups = rebuilt.projection.groups
    if groups is None:
        if applied:
            raise _DoesNotAddUpError
        return set()
    return {group for event in applied if (group := groups.of(event))}


def producers_of(rebuilt: Iterable[Rebuildable]) -> set[str]:
    """Return the services whose events some projections follow."""
    return {event.publisher() for each in rebuilt for event in each.events}


def _position(cut: Mapping[str, LogCut]) -> int:
    return max((log.position for log in cut.values()), default=0)


def _seal(cut: Mapping[str, LogCut], digests: Mapping[str, Digest], replayed_at: datetime | None) -> Seal | None:
    if any(len(log.open) > MOST_OPEN for log in cut.values()):
        return None
    return Seal(cut, digests, replayed_at)


def _all_of(parted: Mapping[str, Parted]) -> dict[str, Digest]:
    return {table: parts.touched + parts.others for table, parts in parted.items()}
