"""Volunteers, stations and teams as registry tells of them.

Invariant: of each the last version is kept, in whatever order they come; of a volunteer's teams every one is.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.register.tables import known_station, known_team, known_volunteer, team_membership
from shared.contracts import StationOpened, TeamFormed, VolunteerProfileChanged, VolunteerRegistered
from shared.contracts.received import Received
from shared.store.projection import ProjectedTable, Projection
from shared.store.statements import insert_rows, keep_latest

_VOLUNTEERS = keep_latest(known_volunteer, ["number", "category", "organisation_id"])
_MEMBERSHIPS = insert_rows(team_membership, team_membership.c.keys(), conflict="DO NOTHING")
_STATIONS = keep_latest(known_station, ["code", "name"])
_TEAMS = keep_latest(known_team, ["code", "name"])


async def note_volunteers(
    tx: AsyncConnection, events: Sequence[Received[VolunteerRegistered] | Received[VolunteerProfileChanged]]
) -> None:
    """Keep the volunteers' numbers and categories, where the last version wins, and every team they have been of.

    A session's team is found when it is asked for, by the times of both events: volunteers and records come by
    different topics, so which arrives first says nothing.
    """
    volunteer_ids = [event.data.volunteer_id for event in events]
    told = {
        "district": [event.attributes.district for event in events],
        "version": [event.attributes.sequence for event in events],
    }
    await tx.execute(
        _VOLUNTEERS,
        {
            **told,
            "id": volunteer_ids,
            "number": [event.data.volunteer_no for event in events],
            "category": [event.data.category for event in events],
            "organisation_id": [event.data.organisation_id for event in events],
        },
    )
    await tx.execute(
        _MEMBERSHIPS,
        {
            **told,
            "volunteer_id": volunteer_ids,
            "team_id": [event.data.team_id for event in events],
            "since": [event.attributes.time for event in events],
        },
    )


async def note_stations(tx: AsyncConnection, events: Sequence[Received[StationOpened]]) -> None:
    """Keep the stations' codes and names."""
    await tx.execute(_STATIONS, {"id": [event.data.station_id for event in events], **_named(events)})


async def note_teams(tx: AsyncConnection, events: Sequence[Received[TeamFormed]]) -> None:
    """Keep the teams' codes and names."""
    await tx.execute(_TEAMS, {"id": [event.data.team_id for event in events], **_named(events)})


def _named(events: Sequence[Received[StationOpened]] | Sequence[Received[TeamFormed]]) -> dict[str, list[Any]]:
    return {
        "district": [event.attributes.district for event in events],
        "code": [event.data.code for event in events],
        "name": [event.data.name for event in events],
        "version": [event.attributes.sequence for event in events],
    }


VOLUNTEERS = Projection(
    "volunteers", (ProjectedTable("known_volunteer"), ProjectedTable("team_membership")), note_volunteers
)
STATIONS = Projection("stations", (ProjectedTable("known_station"),), note_stations)
TEAMS = Projection("teams", (ProjectedTable("known_team"),), note_teams)
