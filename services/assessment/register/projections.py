"""Volunteers, stations and teams as registry tells of them.

Invariant: of each the last version is kept, in whatever order they come; of a volunteer's teams every one is.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.register.tables import (
    closed_volunteer,
    known_station,
    known_team,
    known_volunteer,
    merged_volunteer,
    moved_volunteer,
    team_membership,
)
from shared.contracts import VolunteerMovedIn, VolunteerProfileChanged, VolunteerRegistered
from shared.contracts.received import Received
from shared.store.entries import keep_entries, known_entries, same_names
from shared.store.projection import Groups, ProjectedTable, Projection
from shared.store.statements import insert_rows, keep_latest

_keep_volunteers = keep_entries(
    known_volunteer, {"number": "volunteer_no", **same_names("category", "organisation_id")}
)
_MOVES = keep_latest(moved_volunteer, ())
_MEMBERSHIPS = insert_rows(team_membership, team_membership.c.keys(), conflict="DO NOTHING")


async def note_volunteers(
    tx: AsyncConnection, events: Sequence[Received[VolunteerRegistered] | Received[VolunteerProfileChanged]]
) -> None:
    """Keep the volunteers' numbers and categories, where the last version wins, and every team they have been of.

    A session's team is found when it is asked for, by the times of both events: volunteers and records come by
    different topics, so which arrives first says nothing.
    """
    await _keep_volunteers(tx, events)
    await tx.execute(
        _MEMBERSHIPS,
        {
            "district": [event.attributes.district for event in events],
            "version": [event.attributes.sequence for event in events],
            "volunteer_id": [event.data.volunteer_id for event in events],
            "team_id": [event.data.team_id for event in events],
            "since": [event.attributes.time for event in events],
        },
    )


async def note_moves(tx: AsyncConnection, events: Sequence[Received[VolunteerMovedIn]]) -> None:
    """Keep who has come to a district, and from which; of somebody who comes and goes, every one."""
    await tx.execute(
        _MOVES,
        {
            "district": [event.attributes.district for event in events],
            "volunteer_id": [event.data.volunteer_id for event in events],
            "from_district": [event.data.from_district for event in events],
            "version": [event.attributes.sequence for event in events],
        },
    )


VOLUNTEERS = Projection(
    "volunteers",
    (ProjectedTable("known_volunteer"), ProjectedTable("team_membership")),
    note_volunteers,
    groups=Groups({"known_volunteer": "id", "team_membership": "volunteer_id"}),
)
STATIONS = known_entries("stations", known_station, same_names("code", "name"))
TEAMS = known_entries("teams", known_team, same_names("code", "name"))
CLOSED_VOLUNTEERS = known_entries("closed_volunteers", closed_volunteer, same_names("restricted_at"))
"""Who has ended their registration: their hours count in every total, and nobody nominates them."""
MERGED_VOLUNTEERS = known_entries("merged_volunteers", merged_volunteer, {"kept_id": "into_id"})
"""Which entry somebody's is merged into now; none where that was undone (ADR 0060)."""
MOVED_VOLUNTEERS = Projection(
    "moved_volunteers",
    (ProjectedTable("moved_volunteer"),),
    note_moves,
    groups=Groups({"moved_volunteer": "volunteer_id"}),
)
"""Who has moved in from which district of the installation (ADR 0066)."""
