"""A rebuilt projection in the live one's place.

Invariant: until one transaction commits, the live tables are as they were; from then on they are the rebuilt ones, with
the same columns, keys, indexes, checks, triggers, policies and rights, and hold every event that has been applied. That
transaction holds the consumer's offsets and its inbox, so nobody applies an event meanwhile; it brings the shadow up
to what the live one got since the last round of catching up, notes the swap as an event, and changes names. Nothing
that it reads grows with the history (``log_tail.py``). Readers wait for the change of names alone.

The shadow is a schema of its own while it is being made. What a killed swap leaves there, the next one clears away.
The handlers run as the worker, with that schema as their whole search path: they find the projection's tables and what
it reads, and nothing else.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Text, TextClause, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.operations import ProjectionSwapped
from shared.messaging.positions import Offsets, positions_of
from shared.messaging.reactions import Rebuildable
from shared.messaging.replay.comparison import TableComparison, compare
from shared.messaging.replay.log_tail import LogTail, log_tails
from shared.messaging.replay.rebuild import Rebuild, give_room, lock
from shared.messaging.replay.rows import make_tables
from shared.messaging.replay.source import Source
from shared.ops.failpoint import reach
from shared.ops.terminal import OnProgress
from shared.store import event_log
from shared.store.engine import Store

SCHEMA = "shadow"
_LOCK_SECONDS = 10
"""How long readers may keep the names from being changed before the swap gives up; they would queue behind it."""
FEW = 500
"""Events that a consumer may be held for; what is more is caught up with before."""
_ROUNDS = 10
SourceOf = Callable[[AsyncConnection, Offsets | None], Awaitable[Source]]
"""Returns where to read everything, or what a topic has after some offsets."""

_HOLD_OFFSETS = text("SELECT FROM public.consumer_offset WHERE consumer = :consumer FOR UPDATE")
_TABLE = bindparam("table", type_=Text())
# Everything a table has that LIKE does not copy, or copies under other names, as the statements that make it.
_INDEXES = text(f"""
    SELECT format('ALTER TABLE {SCHEMA}.%I ADD CONSTRAINT %I %s', :table, conname, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE conrelid = to_regclass('public.' || :table) AND contype IN ('p', 'u', 'x')
    UNION ALL
    SELECT replace(pg_get_indexdef(indexrelid), ' ON public.' || :table || ' ', ' ON {SCHEMA}.' || :table || ' ')
    FROM pg_index i WHERE indrelid = to_regclass('public.' || :table)
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid AND contype IN ('p', 'u', 'x'))
""").bindparams(_TABLE)
_SETTINGS = text("""
    SELECT coalesce('WITH (' || array_to_string(reloptions, ', ') || ')', '')
    FROM pg_class WHERE oid = to_regclass('public.' || :table)
""").bindparams(_TABLE)
_RIGHTS = text(f"""
    SELECT format('GRANT %s ON {SCHEMA}.%I TO %s', privilege_type, relname, grantee::regrole)
    FROM pg_class, aclexplode(relacl) WHERE oid = to_regclass('public.' || :table) AND grantee <> relowner
    UNION ALL
    SELECT format('GRANT %s (%I) ON {SCHEMA}.%I TO %s', privilege_type, attname, :table, grantee::regrole)
    FROM pg_attribute, aclexplode(attacl) WHERE attrelid = to_regclass('public.' || :table)
    UNION ALL
    SELECT format('ALTER TABLE {SCHEMA}.%I ENABLE ROW LEVEL SECURITY', relname)
    FROM pg_class WHERE oid = to_regclass('public.' || :table) AND relrowsecurity
    UNION ALL
    SELECT format('ALTER TABLE {SCHEMA}.%I FORCE ROW LEVEL SECURITY', relname)
    FROM pg_class WHERE oid = to_regclass('public.' || :table) AND relforcerowsecurity
    UNION ALL
    SELECT format('CREATE POLICY %I ON {SCHEMA}.%I AS %s FOR %s TO %s%s%s', policyname, tablename, permissive, cmd,
                  array_to_string(roles, ', '), ' USING (' || qual || ')', ' WITH CHECK (' || with_check || ')')
    FROM pg_policies WHERE schemaname = 'public' AND tablename = :table
    UNION ALL
    SELECT replace(pg_get_triggerdef(oid), ' ON public.' || :table || ' ', ' ON {SCHEMA}.' || :table || ' ')
    FROM pg_trigger WHERE tgrelid = to_regclass('public.' || :table) AND NOT tgisinternal
""").bindparams(_TABLE)


@dataclass(frozen=True, slots=True)
class Swap:
    """A projection to be replaced: of which service, by whom and why."""

    service: str
    rebuilt: Rebuildable
    rebuilt_from: str
    by: str
    reason: str | None


class Swapped(NamedTuple):
    """What has been put in place, and how the replaced tables had differed from it."""

    filling: Rebuild
    replaced: Sequence[TableComparison]
    offsets: Offsets
    """Where the consumer was when the shadow was filled."""
    held_for: int = 0
    """Events that were looked at while the consumer was held."""


async def replace(
    store: Store,
    swap: Swap,
    source_of: SourceOf,
    url_of: Callable[[str], str],
    begin: OnProgress,
    advance: OnProgress,
) -> Swapped:
    """Rebuild a projection and put it in the live one's place. Raises BusyError.

    ``store`` is the owner's, ``url_of`` gives a service's database as its worker. Whatever ends it before its last
    transaction leaves the live tables as they are and no shadow behind.
    """
    async with store.engine.connect() as session, log_tails(swap.rebuilt, url_of) as tails:
        await lock(session)
        await give_room(session)
        try:
            await _make(session, swap)
            swapped = await _fill(session, swap, source_of, tails, begin, advance)
            for _ in range(_ROUNDS):
                if await _catch_up(session, swap, swapped.filling, tails) <= FEW:
                    break
            await _finish(session, swap)
            return await _take_the_place(session, swap, swapped, source_of, tails)
        finally:
            await session.rollback()
            await _clear(session)
            await session.commit()
            await session.invalidate()  # its settings and the lock go with the session


async def _clear(session: AsyncConnection) -> None:
    await session.exec_driver_sql(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


async def _make(session: AsyncConnection, swap: Swap) -> None:
    """Make the empty shadow, with what the handlers read beside it."""
    worker = f"{swap.service}_worker"
    await _clear(session)
    await session.exec_driver_sql(f"CREATE SCHEMA {SCHEMA}")
    await session.exec_driver_sql(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {worker}")
    for table in swap.rebuilt.projection.tables:
        name = {"table": table.name}
        settings = await session.scalar(_SETTINGS, name)
        await session.exec_driver_sql(
            f"CREATE TABLE {SCHEMA}.{table.name} (LIKE public.{table.name} INCLUDING ALL EXCLUDING INDEXES) {settings}"
        )
        await _do(session, _INDEXES, name)
        await session.exec_driver_sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {SCHEMA}.{table.name} TO {worker}")
    for read in swap.rebuilt.projection.reads:
        await session.exec_driver_sql(
            f"CREATE VIEW {SCHEMA}.{read} WITH (security_invoker) AS SELECT * FROM public.{read}"
        )
        await session.exec_driver_sql(f"GRANT SELECT ON {SCHEMA}.{read} TO {worker}")
    await session.commit()


async def _fill(
    session: AsyncConnection,
    swap: Swap,
    source_of: SourceOf,
    tails: Sequence[LogTail],
    begin: OnProgress,
    advance: OnProgress,
) -> Swapped:
    """Fill the shadow up to a snapshot, compare in it, and keep what it has not applied."""
    await session.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    offsets = await positions_of(session, swap.service)  # the snapshot is of this moment
    for tail in [] if swap.rebuilt.states else tails:
        tail.position = await tail.settle()
    await _act_as_worker(session, swap)
    await make_tables(session, swap.rebuilt.projection.in_bulk)
    source = await source_of(session, None)
    begin(await source.count())
    filling = Rebuild(session, swap.rebuilt, swap.service)
    await filling.run(source, advance)
    for tail in tails:
        tail.open = {one.event_id: one for one in filling.open[tail.service] if one.position <= tail.position}
    replaced = await compare(session, swap.rebuilt.projection, SCHEMA, None)
    await session.commit()
    return Swapped(filling, replaced, offsets)


async def _catch_up(session: AsyncConnection, swap: Swap, filling: Rebuild, tails: Sequence[LogTail]) -> int:
    """Apply what has come meanwhile, while the consumer goes on; return how many events were looked at."""
    if swap.rebuilt.states:
        return 0
    await _act_as_worker(session, swap)
    looked_at = 0
    for tail in tails:
        looked_at += await _apply_since(session, filling, tail, await tail.settle())
    await session.commit()
    return looked_at


async def _apply_since(session: AsyncConnection, filling: Rebuild, tail: LogTail, end: int | None) -> int:
    events, looked_at = await tail.applied_since(session, filling.consumer, end)
    if events:
        await filling.rebuilt.projection.project(session, events)
    filling.applied += len(events)
    filling.position = max(filling.position, tail.position if events else 0)
    return looked_at


async def _finish(session: AsyncConnection, swap: Swap) -> None:
    """Give the shadow the rights, policies and triggers of the live tables."""
    for table in swap.rebuilt.projection.tables:
        await session.exec_driver_sql(f"REVOKE ALL ON {SCHEMA}.{table.name} FROM {swap.service}_worker")
        await _do(session, _RIGHTS, {"table": table.name})
    await session.commit()
    reach("replay.before_swap")


async def _take_the_place(
    session: AsyncConnection, swap: Swap, swapped: Swapped, source_of: SourceOf, tails: Sequence[LogTail]
) -> Swapped:
    """Hold the consumer, catch up, note the event and change the names: all or nothing."""
    await session.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'")
    await session.execute(_HOLD_OFFSETS, {"consumer": swap.service})
    await session.exec_driver_sql("LOCK TABLE public.inbox IN SHARE MODE")  # a redrive goes by no offset
    await _act_as_worker(session, swap)
    held_for = 0
    if swap.rebuilt.states:
        source = await source_of(session, swapped.offsets)
        await source.count()
        await swapped.filling.run(source)
    else:
        for tail in tails:
            held_for += await _apply_since(session, swapped.filling, tail, None)
    await session.exec_driver_sql("SET LOCAL search_path = public")
    await event_log.append(session, [_event(swap, swapped)])
    await session.exec_driver_sql("RESET ROLE")
    await session.exec_driver_sql("SET LOCAL search_path = DEFAULT")
    for table in swap.rebuilt.projection.tables:
        await session.exec_driver_sql(f"DROP TABLE public.{table.name}")
        await session.exec_driver_sql(f"ALTER TABLE {SCHEMA}.{table.name} SET SCHEMA public")
    reach("replay.within_swap")
    await session.commit()
    return swapped._replace(held_for=held_for)


async def _act_as_worker(session: AsyncConnection, swap: Swap) -> None:
    await session.exec_driver_sql(f"SET LOCAL ROLE {swap.service}_worker")
    await session.exec_driver_sql(f"SET LOCAL search_path = {SCHEMA}")


async def _do(session: AsyncConnection, statements: TextClause, values: dict[str, str]) -> None:
    """Carry out the statements that a query returns."""
    for statement in (await session.scalars(statements, values)).all():
        await session.exec_driver_sql(statement)


def _event(swap: Swap, swapped: Swapped) -> event_log.NewEvent:
    action = ProjectionSwapped(
        action_id=event_log.new_id(),
        service=swap.service,
        projection=swap.rebuilt.projection.name,
        rebuilt_from=swap.rebuilt_from,
        rows=sum(table.rebuilt for table in swapped.replaced),
        differences=sum(table.differing for table in swapped.replaced),
        position=swapped.filling.position or None,
        reason=swap.reason,
    )
    return event_log.of_operator(action, swap.by)
