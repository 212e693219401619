"""What each hot path costs: statements and commits a batch, whatever the number of events in it.

This is the regression gate of speed: it fails on any machine, however slow, when a path begins to pay by the event.
Wall-clock figures are `make bench`'s, and are never asserted. The modules beside this one measure every row, for a
batch of one event and for one of hundreds.
"""

from tests.support.cost import Cost

COSTS = {
    # claim; file; start; end, once all is written, after what the kind does then (of service records: a sum and an
    # event), and the next step; its claim, completion and end
    "import: around the roster": Cost(statements=9, commits=6),
    "import: around service records": Cost(statements=10, commits=6),
    # all of a chunk's lines, their events and outbox rows, their verdicts
    "import: a chunk of the roster": Cost(statements=10, commits=1),
    "import: a chunk of service records": Cost(statements=9, commits=1),
    # district; lock of the shift; known answers; volunteers; sign-ups; event log and outbox; answers
    "sign-up: a group": Cost(statements=7, commits=1),
    # district; sign-up and shift; sign-up; record; lock of the volunteer; elsewhere; number; record; log and outbox
    "attendance: a check-out": Cost(statements=9, commits=1),
    # district; activity; shift; sign-ups; records; locks; elsewhere; numbers; records; sign-ups; closed; sums; event
    # log and outbox
    "attendance: a shift is closed": Cost(statements=13, commits=1),
    # poll, delete, depth; each is a commit of its own, of which one writes
    "relay: a round": Cost(statements=2, commits=2),
    # fence, parked keys
    "consume: another service's events": Cost(statements=2, commits=1),
    # these and, for events, the inbox; the rest of each row is the service's own
    "consume: the tally of tests": Cost(statements=5, commits=1),
    "consume: volunteers (assessment)": Cost(statements=5, commits=1),
    # records; the standings of their stations; that these are reviewed
    "consume: service at stations (registry)": Cost(statements=6, commits=1),
    # messages with their deliveries; event log and outbox; mails; texts to guardians; and of sign-ups, their places and
    # reminders
    "consume: messages to volunteers": Cost(statements=9, commits=1),
    "consume: contacts": Cost(statements=4, commits=1),
    # that it is being sent; what came of it, event log and outbox
    "mail: each": Cost(statements=3, commits=2),
    # claim; mails with their contacts; the work's end
    "mail: around a batch": Cost(statements=3, commits=3),
    # rules; ledger and hours; who is merged; awards; event log and outbox; who of them has moved away
    "credit: single records": Cost(statements=9, commits=1),
    # rules; ledger and hours; progress; what closes; who of them has moved away
    "credit: records of an import": Cost(statements=8, commits=1),
    # rules; ledger and hours; progress twice; what closes; stars; event log and outbox; who of them has
    # moved away
    "credit: whole imports": Cost(statements=11, commits=1),
    # as single records, and the corrections
    "credit: corrections": Cost(statements=10, commits=1),
}


def assert_costs(path: str, measured: dict[int, Cost]) -> None:
    """Compare what batches of several sizes (in events) have cost with the table; print it by the event."""
    for events, cost in measured.items():
        each = f"{cost.statements / events:.4f} statements and {cost.commits / events:.4f} commits each"
        print(f"{path}: {events:,} events: {each}")  # noqa: T201 - figures to read, with pytest -s
    assert measured == dict.fromkeys(measured, COSTS[path]), path
