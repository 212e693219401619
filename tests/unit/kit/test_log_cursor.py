"""Where the relay's next poll may begin: below everything that can still be committed, whatever overlaps with what."""

from hypothesis import example, given
from hypothesis import strategies as st

from shared.store.log_cursor import LogCursor

AGGREGATES = 3
POLL_ROWS = 2
STEPS = st.lists(st.one_of(st.sampled_from(["snapshot", "look", "deal"]), st.integers(0, AGGREGATES - 1)), max_size=80)


class Outbox:
    """An outbox, those who write it, and a relay that polls it in three steps: snapshot, look at the locks, work."""

    def __init__(self) -> None:
        self.open: dict[int, int] = {}
        self.drawn = 0
        self.published: list[tuple[int, int]] = []
        self.cursor = LogCursor()
        self._rows: dict[int, int] = {}
        self._found: list[tuple[int, int]] | None = None
        self._writers: list[str] | None = None

    def turn(self, aggregate: int) -> None:
        """Lock the outbox and draw a position, or commit."""
        if aggregate in self.open:
            self._rows[self.open.pop(aggregate)] = aggregate
        else:
            self.drawn += 1
            self.open[aggregate] = self.drawn

    def poll(self, step: str) -> None:
        """Go on with a poll up to a step; one that has come so far stays there."""
        if self._found is None:
            self._found = sorted(row for row in self._rows.items() if row[0] > self.cursor.position)[:POLL_ROWS]
        if step != "snapshot" and self._writers is None:
            self._writers = [str(position) for position in self.open.values()]
        if step == "deal" and self._writers is not None:
            self.published += self._found
            self._rows = {position: row for position, row in self._rows.items() if (position, row) not in self._found}
            self.cursor.advance(self._found[-1][0] if self._found else None, self._writers)
            self._found = self._writers = None


@given(STEPS)
@example(["deal", 0, 1, 1, "snapshot", 0, 0, "look", "deal", 1, 1, 0, "deal"])
def test_polls_publish_every_event_once_and_each_aggregates_in_order(steps: list[str | int]) -> None:
    """Transactions begin and end between a poll's snapshot, its look at the locks, and the end of its work."""
    outbox = Outbox()
    for step in steps:
        if isinstance(step, str):
            outbox.poll(step)
        else:
            outbox.turn(step)
    for aggregate in list(outbox.open):
        outbox.turn(aggregate)
    for _ in range(outbox.drawn + 3):
        outbox.poll("deal")
    assert sorted(position for position, _ in outbox.published) == list(range(1, outbox.drawn + 1))
    for aggregate in range(AGGREGATES):
        positions = [position for position, owner in outbox.published if owner == aggregate]
        assert positions == sorted(positions)
    assert outbox.cursor.position == outbox.drawn, "nothing that is dealt with is walked over again"
    assert not outbox.cursor.is_behind
