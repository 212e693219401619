"""What an operator does with one service's dead letters, and what is said of it on the console.

Invariant: nothing is settled but by ``dead_letter_settlement``, which logs it as an event in the same transaction.
"""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import track
from sqlalchemy import Row, text

from shared.messaging import dead_letter_settlement as settlement
from shared.messaging.batch import Processing
from shared.messaging.dead_letter_page import overview, page, readable
from shared.messaging.reactions import Reactions
from shared.messaging.subscription import settle
from shared.store.engine import Store

_LIST = text("""
    SELECT id, topic, partition, "offset", key, reason, state, parked_at, count(*) OVER () AS total
    FROM dead_letter
    WHERE consumer = :consumer
      AND (CAST(:state AS text) IS NULL OR state = :state)
      AND (CAST(:topic AS text) IS NULL OR topic = :topic)
      AND (CAST(:key AS bytea) IS NULL OR key = :key)
      AND (CAST(:reason AS text) IS NULL OR reason = :reason)
    ORDER BY parked_at DESC, topic, partition, "offset" DESC LIMIT :rows
""")
_ONE = text("SELECT * FROM dead_letter WHERE consumer = :consumer AND id = :id")
_NEIGHBOURS = text("""
    SELECT count(*) FILTER (WHERE "offset" < :offset), count(*) FILTER (WHERE "offset" > :offset)
    FROM dead_letter
    WHERE consumer = :consumer AND state = 'parked' AND topic = :topic AND partition = :partition AND key = :key
""")


@dataclass(frozen=True)
class DeadLetters:
    """One service's dead letters, and the reactions that they were meant for.

    Every action returns whether all that was asked for is done; what is not is said on the console.
    """

    reactions: Reactions
    prefix: str
    store: Store
    console: Console

    async def list(self, state: str | None, selection: Mapping[str, object], rows: int) -> bool:
        """Show a table of some, newest first; ``state`` None for all."""
        wanted = {"consumer": self._service, "state": state, "rows": rows, **selection}
        async with self.store.transaction() as tx:
            letters = (await tx.execute(_LIST, wanted)).all()
        word = "" if state is None else f" {state}"
        if not letters:
            self.console.print(f"{self._service}: no{word} dead letters")
            return True
        self.console.print(overview(letters, self.prefix))
        self.console.print(f"{len(letters)} of {letters[0].total:,}{word} dead letters of {self._service}")
        return True

    async def show(self, letter_id: UUID) -> bool:
        """Show all that is known of one."""
        row = await self._one(letter_id)
        if row is None:
            return False
        place = {"consumer": row.consumer, "topic": row.topic, "partition": row.partition, "key": row.key}
        async with self.store.transaction() as tx:
            ahead, behind = (await tx.execute(_NEIGHBOURS, {**place, "offset": row.offset})).one()
        self.console.print(page(row, self.prefix, ahead, behind))
        return True

    async def redrive(self, letter_ids: Sequence[UUID], selection: settlement.Selection, by: str, *, ask: bool) -> bool:
        """Apply those with the ids, or else those of the selection, each with all that is parked of its key."""
        open_ids = [letter_id for letter_id in letter_ids if await self._is_open(letter_id)]
        if letter_ids and not open_ids:
            return False
        chains = await settlement.chains(self.store, self._service, selection._replace(ids=open_ids or None))
        if not chains:
            self.console.print("nothing of the kind is parked")
            return True
        if ask:
            records = sum(chain.records for chain in chains)
            typer.confirm(f"Redrive {records:,} parked records of {len(chains):,} keys?", abort=True)
        return await self._redrive_all(chains, by) and len(open_ids) == len(letter_ids)

    async def discard(
        self, letter_ids: Sequence[UUID], selection: settlement.Selection, reason: str, by: str, *, ask: bool
    ) -> bool:
        """Give those with the ids up for good, or else those of the selection, in the order of the log."""
        wanted = letter_ids or await settlement.parked(self.store, self._service, selection)
        if not wanted:
            self.console.print("nothing of the kind is parked")
        elif ask and (len(wanted) > 1 or not letter_ids):
            typer.confirm(f"Discard {len(wanted):,} records for good?", abort=True)
        return all([await self._discard_one(letter_id, reason, by) for letter_id in wanted])

    @property
    def _service(self) -> str:
        return self.reactions.service

    async def _redrive_all(self, chains: Sequence[settlement.Chain], by: str) -> bool:
        async with self.store.transaction() as tx:
            subscriptions = await settle(tx, self.reactions)
        processing, applied, parked_again = Processing(self.reactions, self.prefix, subscriptions), 0, 0
        watched = self.console.is_terminal and len(chains) > 1
        for chain in track(chains, "redriving", console=self.console, disable=not watched, transient=True):
            redriven = await settlement.redrive(self.store, self._service, processing, chain, by)
            applied += len(redriven.applied)
            parked_again += len(redriven.parked_again)
            if redriven.fault:
                self.console.print(f"{redriven.parked_again[0]} failed again: {redriven.fault}", markup=False)
        self.console.print(f"{applied:,} applied, {parked_again:,} still parked")
        return not parked_again

    async def _discard_one(self, letter_id: UUID, reason: str, by: str) -> bool:
        if not await self._is_open(letter_id):
            return False
        behind = await settlement.discard(self.store, self._service, letter_id, reason, by)
        if behind is None:
            return await self._is_open(letter_id)  # somebody was faster
        self.console.print(f"{letter_id} is discarded")
        if behind.records:
            self.console.print(
                f"{behind.records:,} parked behind it; to apply: linbang {self._service} dead-letters redrive"
                f" --topic {behind.topic.removeprefix(self.prefix)} --key {shlex.quote(readable(behind.key))}",
                markup=False,
                soft_wrap=True,
            )
        return True

    async def _one(self, letter_id: UUID) -> Row[Any] | None:
        """Return a record; where there is none of that id, say so."""
        async with self.store.transaction() as tx:
            row = (await tx.execute(_ONE, {"consumer": self._service, "id": letter_id})).one_or_none()
        if row is None:
            self.console.print(f"{letter_id}: {self._service} has no such dead letter")
        return row

    async def _is_open(self, letter_id: UUID) -> bool:
        """Return whether a record can still be settled; where it cannot, say why."""
        row = await self._one(letter_id)
        if row is not None and row.state != "parked":
            self.console.print(f"{letter_id} is settled already: {row.state} by {row.settled_by}", markup=False)
        return row is not None and row.state == "parked"
