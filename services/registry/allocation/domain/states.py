"""How allocations and placements stand."""

from enum import StrEnum


class AllocationState(StrEnum):
    """How an allocation stands."""

    ASKED = "asked"
    """Its plan is being made."""
    PROPOSED = "proposed"
    """Its plan can be looked at and approved."""
    APPROVED = "approved"
    """Each person is told and asked."""
    FAILED = "failed"
    """No plan could be made."""


class PlacementState(StrEnum):
    """How a placement stands."""

    PLANNED = "planned"
    """Nobody has been told of it yet."""
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    REPLACED = "replaced"
    """Another was proposed in its place before it was answered."""
    WITHHELD = "withheld"
    """Its volunteer has said meanwhile that no place is to be proposed to them; nobody was told of it."""
