"""Tails the outbox safely behind open transactions.

Polling ``position > cursor`` is fast, but a transaction that commits late has a lower position than what was read
before it; were it passed over by one poll and the next event of its aggregate found by that very poll, their order
would be reversed. So every poll begins below whatever may still be committed: what it finds is, of each aggregate, the
first events that are not yet read.

Who may still commit is who writes the outbox now, and nobody else: a comparison, another database's import or a backup
may take its hour (ADR 0047). Why that is enough:

1. Whoever inserts into ``outbox`` holds RowExclusiveLock on it before the statement draws a position, and until its
   transaction has ended for every later snapshot: PostgreSQL takes a statement's locks before it runs it, and gives a
   transaction's back after the snapshots know of its end. A savepoint's lock that is given back earlier was rolled
   back, with its rows. A prepared transaction keeps its lock, under a number of its own.
2. A row that a poll read was committed, so its position was drawn, before that poll's snapshot. Positions are drawn
   from one sequence that rises with time (no session caches any), so all below it were drawn before the snapshot too.
3. So whoever may still commit such a position held the lock when the snapshot was taken. The same statement looks at
   the locks after its snapshot: it finds that writer, or the writer has ended by then, and the next poll's snapshot
   has its rows. A transaction that takes its lock after the look draws a higher position.
4. Once a look finds none of the writers that were found then, the snapshot of the next poll has the last of the rows
   below: that poll begins below them, so it reads them, and only then does the cursor pass.
"""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass
class LogCursor:
    """The position up to which every row is dealt with and none can be committed any more.

    Its state is the last position that was ever dealt with; and a mark, what that was at some poll, with the writers of
    then who may still commit below it.
    """

    position: int = 0
    _dealt: int = 0
    _mark: int = 0
    _writers: frozenset[str] = frozenset()

    @property
    def is_behind(self) -> bool:
        """Whether the next poll walks once more over rows that have been dealt with."""
        return self.position < self._dealt

    def advance(self, last: int | None, writers: Collection[str]) -> None:
        """Take in a poll that began at ``position`` and all of whose rows are dealt with.

        ``last`` is the position of its last row, None where it found none above ``position``; ``writers`` are the
        transactions that wrote the outbox when it looked, after its snapshot was taken.
        """
        if last is not None:
            self._dealt = max(self._dealt, last)
        if self._writers:
            self._writers &= frozenset(writers)
        else:
            self.position = max(self.position, self._mark if last is None else min(self._mark, last))
            self._mark, self._writers = self._dealt, frozenset(writers)
