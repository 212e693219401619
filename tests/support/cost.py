"""What work costs a database: its statements and its commits, as the driver is told of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, event

from shared.store.engine import Store


@dataclass
class Cost:
    """A statement that is run for many parameters counts as many times; outside a transaction each is a commit too."""

    statements: int = 0
    commits: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.statements + other.statements, self.commits + other.commits)

    def __sub__(self, other: "Cost") -> "Cost":
        return Cost(self.statements - other.statements, self.commits - other.commits)


@contextmanager
def _told(
    store: Store, note_statement: Callable[..., None], note_commit: Callable[[Connection], None]
) -> Iterator[None]:
    """Tell of each statement of a store's engine before it is run, and of each commit."""
    engine = store.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note_statement)
    event.listen(engine, "commit", note_commit)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", note_statement)
        event.remove(engine, "commit", note_commit)


@contextmanager
def metered(store: Store) -> Iterator[Cost]:
    """Count what goes through a store's engine, by whomever, for the time of the block."""
    cost = Cost()

    def note_statement(
        connection: Connection, _cursor: object, _statement: str, parameters: Any, _context: object, many: bool
    ) -> None:
        cost.statements += len(parameters) if many else 1
        if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
            cost.commits += 1

    def note_commit(_connection: Connection) -> None:
        cost.commits += 1

    with _told(store, note_statement, note_commit):
        yield cost


_UPKEEP = ("FROM revocation", " attempt ")
"""What tells a transaction that a process makes beside its requests, a second each: who is revoked, who has tried."""


@contextmanager
def metered_requests(store: Store) -> Iterator[Cost]:
    """Count what requests cost: every transaction that has ended, but those of the process's upkeep."""
    cost = Cost()
    open_now: dict[Connection, list[str]] = {}

    def note_statement(
        connection: Connection, _cursor: object, statement: str, parameters: Any, _context: object, many: bool
    ) -> None:
        open_now.setdefault(connection, []).extend([statement] * (len(parameters) if many else 1))

    def note_commit(connection: Connection) -> None:
        statements = open_now.pop(connection, [])
        if not any(upkeep in statement for statement in statements for upkeep in _UPKEEP):
            cost.statements += len(statements)
            cost.commits += 1

    with _told(store, note_statement, note_commit):
        yield cost
