"""Which faults of PostgreSQL pass. Invariant: one that does is waited out or answered 503, and parks no record."""

from sqlalchemy.exc import DBAPIError

# connection, transaction rollback, resources, operator intervention, object state, system error
_OF_THE_MOMENT = ("08", "40", "53", "55", "57", "58")


def is_passing(fault: DBAPIError) -> bool:
    """Return whether a fault is of the moment: the server is away, full or busy, or ended the transaction."""
    state = sqlstate(fault)
    return fault.connection_invalidated or state.startswith(_OF_THE_MOMENT) or not state


def sqlstate(fault: DBAPIError) -> str:
    """Return PostgreSQL's code of a fault, or nothing where it did not come from the server."""
    return getattr(fault.orig, "sqlstate", None) or ""
