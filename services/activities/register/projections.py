"""What registry has told of volunteers, stations and rule documents, as this service needs it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.register.tables import (
    accepted_rule,
    closed_volunteer,
    held_qualification,
    known_rule,
    known_station,
    known_volunteer,
    merged_volunteer,
)
from shared.contracts import RuleEnded, RulePublished
from shared.contracts.received import Received
from shared.store.entries import known_entries, same_names
from shared.store.projection import Groups, ProjectedTable, Projection
from shared.store.statements import insert_rows

_LATER = ("team_id", "minor", "guardian_agreed")
"""What events did not tell from the beginning."""
VOLUNTEERS = known_entries(
    "volunteers", known_volunteer, {"number": "volunteer_no", **same_names(*_LATER)}, of_shape=_LATER, shape=3
)
STATIONS = known_entries(
    "stations",
    known_station,
    same_names("code", "name", "closed_on", "division_code"),
    of_shape=("division_code",),
    shape=2,
)
QUALIFICATIONS = known_entries(
    "qualifications", held_qualification, same_names("volunteer_id", "kind", "expires_on", "holds")
)
CLOSED_VOLUNTEERS = known_entries("closed_volunteers", closed_volunteer, same_names("restricted_at"))
"""Who has ended their registration: nothing new is entered of them, whoever names them."""
ACCEPTED_RULES = known_entries(
    "accepted_rules", accepted_rule, same_names("volunteer_id", "document_id", "document_version")
)
_ENTER_RULES = insert_rows(known_rule, ["district", "id", "version", "title", "required_from"], conflict="DO NOTHING")
_END_RULES = text("""
    UPDATE known_rule k SET ended = true
    FROM unnest(CAST(:districts AS text[]), CAST(:ids AS uuid[]), CAST(:versions AS int[])) AS r(district, id, version)
    WHERE k.district = r.district AND k.id = r.id AND k.version = r.version
""")


async def _keep_rules(tx: AsyncConnection, events: Sequence[Received[RulePublished | RuleEnded]]) -> None:
    """Enter what is published, then what of it has ended: a document's events come in their order."""
    await _enter_rules(tx, [event for event in events if isinstance(event.data, RulePublished)])
    ended = [
        (event.attributes.district, event.data.document_id, version)
        for event in events
        if isinstance(event.data, RuleEnded)
        for version in event.data.ended_versions
    ]
    values = {
        "districts": [district for district, _, _ in ended],
        "ids": [document_id for _, document_id, _ in ended],
        "versions": [version for _, _, version in ended],
    }
    await tx.execute(_END_RULES, values)


async def _enter_rules(tx: AsyncConnection, events: Sequence[Received[Any]]) -> None:
    await tx.execute(
        _ENTER_RULES,
        {
            "district": [event.attributes.district for event in events],
            "id": [UUID(event.attributes.subject) for event in events],
            "version": [event.data.document_version for event in events],
            "title": [event.data.title for event in events],
            "required_from": [event.data.required_from for event in events],
        },
    )


RULES = Projection("rules", (ProjectedTable("known_rule"),), _keep_rules, groups=Groups({"known_rule": "id"}))
"""Every version of every rule document: which one is required on a day follows from all of them."""
MERGED_VOLUNTEERS = known_entries("merged_volunteers", merged_volunteer, {"kept_id": "into_id"})
"""Which entry somebody's is merged into now; none where that was undone (ADR 0060)."""
