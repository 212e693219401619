"""What a fault is a fault of: the moment, the deployment, or the record.

Invariant: only a record's own fault parks it. A passing fault is waited out; a fault of the deployment (a missing
column, a right not granted, a name that is not defined) stops the consumer, as every other record would meet it too.
"""

from aiokafka.errors import KafkaError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shared.store.faults import is_passing, sqlstate

# feature not supported, schema, syntax or access rule, internal error
_OF_THE_DEPLOYMENT = ("0A", "3F", "42", "XX")


def is_transient(fault: BaseException) -> bool:
    """Return whether a fault is of the moment: to be waited out."""
    if isinstance(fault, DBAPIError):
        return is_passing(fault)
    return isinstance(fault, OSError | PoolTimeoutError | KafkaError)


def is_of_the_deployment(fault: BaseException) -> bool:
    """Return whether a fault lies in what was deployed, and no record can be blamed for it."""
    if isinstance(fault, DBAPIError):
        return sqlstate(fault).startswith(_OF_THE_DEPLOYMENT)
    return isinstance(fault, NameError | ImportError | NotImplementedError)
