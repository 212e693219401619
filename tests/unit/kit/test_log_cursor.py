"""Where the relay's next poll may begin: below everything that can still be committed, whatever overlaps with what."""

from hypothesis import given
from hypothesis import strategies as st

from shared.store.log_cursor import LogCursor

AGGREGATES = 3
POLL_ROWS = 2
STEPS = st.lists(st.one_of(st.just("poll"), st.integers(0, AGGREGATES - 1)), max_size=60)


@given(STEPS)
def test_polls_publish_every_event_once_and_each_aggregates_in_order(steps: list[str | int]) -> None:
    """A step is a poll, or an aggregate's turn: to begin a transaction and draw a position, or to commit it."""
    opened: dict[int, tuple[int, int]] = {}
    next_transaction, next_position = 1, 1
    outbox: dict[int, int] = {}
    published: list[tuple[int, int]] = []
    cursor = LogCursor()

    def poll() -> None:
        found = sorted(row for row in outbox.items() if row[0] > cursor.position)[:POLL_ROWS]
        published.extend(found)
        for position, _ in found:
            del outbox[position]
        if found:
            oldest_open = min((number for number, _ in opened.values()), default=next_transaction)
            cursor.advance(found[-1][0], oldest_open, next_transaction)

    for step in steps:
        if isinstance(step, str):
            poll()
        elif step in opened:
            outbox[opened.pop(step)[1]] = step
        else:
            opened[step] = (next_transaction, next_position)
            next_transaction, next_position = next_transaction + 1, next_position + 1
    for aggregate, (_, position) in opened.items():
        outbox[position] = aggregate
    opened.clear()
    for _ in range(next_position):
        poll()
    assert sorted(position for position, _ in published) == list(range(1, next_position))
    for aggregate in range(AGGREGATES):
        positions = [position for position, owner in published if owner == aggregate]
        assert positions == sorted(positions)
