"""Tails a log safely behind open transactions.

Polling ``position > cursor`` is fast, but a transaction that commits late has a lower position than what was read
before it; were it passed over by one poll and the next event of its aggregate found by that very poll, their order
would be reversed. So every poll begins below whatever may still be committed: what it finds is, of each aggregate, the
first events that are not yet read.
"""

from dataclasses import dataclass


@dataclass
class LogCursor:
    """The position up to which every row is dealt with and none can be committed any more.

    A row's position is drawn by a transaction that has changed its aggregate before, so that has its number by then:
    whatever may come to stand below the last row of a poll is of a transaction below that poll's ``next_to_begin``.
    Once all of these have ended, the poll that sees it has read and dealt with the last of it.
    """

    position: int = 0
    _read_up_to: int = 0
    _until_ended: int = 0

    def advance(self, last: int, oldest_open: int, next_to_begin: int) -> None:
        """Take in a poll that began at ``position`` or below, and all of whose rows are dealt with.

        ``last`` is the position of its last row; of the snapshot it read, every transaction below ``oldest_open`` had
        ended, and none from ``next_to_begin`` on had begun.
        """
        if oldest_open >= self._until_ended:
            self.position = max(self.position, min(self._read_up_to, last))
            self._read_up_to, self._until_ended = last, next_to_begin
