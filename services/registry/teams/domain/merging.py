"""What becomes of those who were of a team that has been merged, or closed."""

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID


class Ending(NamedTuple):
    """How a team stands: open, closed, or closed and merged into another."""

    name: str
    is_closed: bool
    merged_into_id: UUID | None


def team_after(team_id: UUID, teams: Mapping[UUID, Ending]) -> UUID | None:
    """Return the open team that a team's members are of: itself, what it was merged into, and so on; None: of none.

    A team is merged into an open one, and is closed by it, so the way never comes back to where it was.
    """
    at: UUID | None = team_id
    while at is not None and teams[at].is_closed:
        at = teams[at].merged_into_id
    return at
