"""Volunteers as registry's own events tell of them, to be held against its table. Personal data is in no event."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.people.tables import volunteer
from shared.contracts import (
    VolunteerErased,
    VolunteerMergeUndone,
    VolunteerMovedAway,
    VolunteerMovedIn,
    VolunteerMoveRefused,
    VolunteerProfileChanged,
    VolunteerRegistered,
    VolunteerRestricted,
    VolunteersMerged,
)
from shared.contracts.received import Received
from shared.store.entries import keep_entries, same_names
from shared.store.projection import Groups, ProjectedTable, Projection

_FIELDS = {
    "number": "volunteer_no",
    **same_names("category", "organisation_id", "team_id", "registered_on", "minor", "guardian_agreed"),
}
_MOVED = ("moved_from", "moved_to")
_keep_profiles = keep_entries(volunteer, _FIELDS)
_END = text("""
    UPDATE volunteer v
    SET restricted_at = coalesce(e.restricted_at, v.restricted_at), erased_at = coalesce(e.erased_at, v.erased_at),
        version = greatest(v.version, e.version)
    FROM (SELECT district, id, max(restricted_at) AS restricted_at, max(erased_at) AS erased_at, max(version) AS version
          FROM unnest(CAST(:district AS text[]), CAST(:id AS uuid[]), CAST(:restricted_at AS timestamptz[]),
                      CAST(:erased_at AS timestamptz[]), CAST(:version AS int[]))
               AS r(district, id, restricted_at, erased_at, version)
          GROUP BY 1, 2) e
    WHERE v.district = e.district AND v.id = e.id
""")
_MERGE = text("""
    UPDATE volunteer v SET merged_into_id = m.into_id, version = greatest(v.version, m.version)
    FROM (SELECT DISTINCT ON (district, id) district, id, into_id, version
          FROM unnest(CAST(:district AS text[]), CAST(:id AS uuid[]), CAST(:into_id AS uuid[]),
                      CAST(:version AS int[])) AS r(district, id, into_id, version)
          ORDER BY district, id, version DESC) m
    WHERE v.district = m.district AND v.id = m.id
""")
_MOVE = text("""
    UPDATE volunteer v SET moved_from = coalesce(m.moved_from, v.moved_from),
                           moved_to = coalesce(m.moved_to, v.moved_to), version = greatest(v.version, m.version)
    FROM (SELECT district, id, max(moved_from) AS moved_from, max(moved_to) AS moved_to, max(version) AS version
          FROM unnest(CAST(:district AS text[]), CAST(:id AS uuid[]), CAST(:moved_from AS text[]),
                      CAST(:moved_to AS text[]), CAST(:version AS int[]))
               AS r(district, id, moved_from, moved_to, version)
          GROUP BY 1, 2) m
    WHERE v.district = m.district AND v.id = m.id
""")


async def enter_volunteers(tx: AsyncConnection, events: Sequence[Received[Any]]) -> None:
    """Keep the last profile of each, what they are merged into, where they have moved from and to, and their ends.

    When they left and were erased comes last.
    """
    moves = [
        event
        for event in events
        if isinstance(event.data, VolunteerMovedIn | VolunteerMovedAway | VolunteerMoveRefused)
    ]
    merges = [event for event in events if isinstance(event.data, VolunteersMerged | VolunteerMergeUndone)]
    ends = [event for event in events if isinstance(event.data, VolunteerRestricted | VolunteerErased)]
    profiles = [event for event in events if isinstance(event.data, VolunteerRegistered | VolunteerProfileChanged)]
    if profiles:
        await _keep_profiles(tx, profiles)
    if merges:
        await tx.execute(
            _MERGE,
            {
                "district": [event.attributes.district for event in merges],
                "id": [event.data.volunteer_id for event in merges],
                "into_id": [event.data.into_id for event in merges],
                "version": [event.attributes.sequence for event in merges],
            },
        )
    if moves:
        away = [event.data if isinstance(event.data, VolunteerMovedAway) else None for event in moves]
        await tx.execute(
            _MOVE,
            {
                "district": [event.attributes.district for event in moves],
                "id": [event.data.volunteer_id for event in moves],
                "moved_from": [getattr(event.data, "from_district", None) for event in moves],
                "moved_to": [data.to_district if data else None for data in away],
                "version": [event.attributes.sequence for event in moves],
            },
        )
    if ends:
        await tx.execute(
            _END,
            {
                "district": [event.attributes.district for event in ends],
                "id": [event.data.volunteer_id for event in ends],
                "restricted_at": [getattr(event.data, "restricted_at", None) for event in ends],
                "erased_at": [getattr(event.data, "erased_at", None) for event in ends],
                "version": [event.attributes.sequence for event in ends],
            },
        )


VOLUNTEERS = Projection(
    "volunteers",
    (ProjectedTable("volunteer", (*_FIELDS, "restricted_at", "erased_at", "merged_into_id", *_MOVED, "version")),),
    enter_volunteers,
    groups=Groups({"volunteer": "id"}),
    compare_only="these tables are where the events come from; what else is in them is in no event",
)
