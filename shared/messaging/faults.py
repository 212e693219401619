"""Passing faults and lasting ones: the first are waited out, the second are parked."""

from aiokafka.errors import KafkaError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

# connection, transaction rollback, resources, operator intervention, object state, system error
_TRANSIENT_SQLSTATES = ("08", "40", "53", "55", "57", "58")


def is_transient(fault: BaseException) -> bool:
    """Return whether a fault is of the moment: to be waited out, not parked."""
    if isinstance(fault, DBAPIError):
        sqlstate = getattr(fault.orig, "sqlstate", None) or ""
        return fault.connection_invalidated or sqlstate.startswith(_TRANSIENT_SQLSTATES) or not sqlstate
    return isinstance(fault, OSError | PoolTimeoutError | KafkaError)
