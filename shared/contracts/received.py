"""What a consumer hands to projections: decoded events, and the records of a compacted state topic."""

from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from shared.contracts.envelope import Attributes
from shared.contracts.event import Event

E_co = TypeVar("E_co", bound=Event, covariant=True)


class BrokenInvariantError(Exception):
    """An event contradicts what is on file and always will: it is parked, not retried."""


class Received(NamedTuple, Generic[E_co]):
    """One event as it arrived, decoded and upcast to the current version."""

    attributes: Attributes
    data: E_co


@dataclass(frozen=True, slots=True)
class StateRecord:
    """One record of a compacted topic: the key's present value, or None where it is erased."""

    district: str
    key: str
    value: bytes | None
