"""What the office is shown of two entries before they are merged, and of the mergers of an entry."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.merging.domain import Entry, alike
from services.registry.merging.repository import find_entry
from services.registry.people.domain.privacy import KeyRing, SealedPerson
from shared.contracts.faults import Code, Fault, RefusedError


class EntryToMerge(BaseModel):
    """One of two entries, personal data masked, and what there is of it in registry. ``team`` is a name."""

    id: UUID
    number: str
    name: str
    gender: str
    id_number: str
    phone: str
    category: str
    team: str | None
    registered_on: date
    source: str
    id_number_checked: bool
    """The office has put its ID number right by the paper."""
    can_log_in: bool
    qualifications: int
    pairings: int


class MergePreview(BaseModel):
    """Two entries of which one would be merged into the other, and what they have in common behind the masks."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kept": {
                        "id": "019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a77",
                        "number": "51011500027301",
                        "name": "张**",
                        "gender": "female",
                        "id_number": "519900********0186",
                        "phone": "170****8271",
                        "category": "university_student",
                        "team": None,
                        "registered_on": "2026-03-01",
                        "source": "self",
                        "id_number_checked": True,
                        "can_log_in": True,
                        "qualifications": 1,
                        "pairings": 0,
                    },
                    "merged": {
                        "id": "019c2f6e-1111-7c3e-9a51-0d4c8b1f2a77",
                        "number": "51011500019004",
                        "name": "张**",
                        "gender": "female",
                        "id_number": "519900********0194",
                        "phone": "170****8271",
                        "category": "resident",
                        "team": "柳城爱心助教队",
                        "registered_on": "2025-09-01",
                        "source": "import",
                        "id_number_checked": False,
                        "can_log_in": False,
                        "qualifications": 0,
                        "pairings": 1,
                    },
                    "same_name": True,
                    "same_phone": True,
                    "same_gender": True,
                    "same_birth_date": False,
                }
            ]
        }
    )

    kept: EntryToMerge
    merged: EntryToMerge
    same_name: bool
    same_phone: bool
    same_gender: bool
    same_birth_date: bool


class MergeView(BaseModel):
    """A merger that an entry is part of; ``undone_at`` is null while it stands."""

    id: UUID
    kept_id: UUID
    kept_number: str
    merged_id: UUID
    merged_number: str
    merged_at: datetime
    undone_at: datetime | None


_PEOPLE = text("""
    SELECT v.id, v.number, v.wrapped_key, v.personal_data, v.category, t.name AS team, v.registered_on, v.source,
           (SELECT count(*) FROM qualification q
            WHERE q.district = v.district AND q.volunteer_id = v.id AND q.state = 'verified') AS qualifications,
           (SELECT count(*) FROM pairing p
            WHERE p.district = v.district AND p.volunteer_id = v.id AND p.ended_on IS NULL) AS pairings
    FROM volunteer v LEFT JOIN team t ON t.district = v.district AND t.id = v.team_id
    WHERE v.district = :district AND v.id = ANY(CAST(:ids AS uuid[]))
""")
_MERGES = text("""
    SELECT m.id, m.kept_id, k.number AS kept_number, m.merged_id, g.number AS merged_number, m.merged_at, m.undone_at
    FROM volunteer_merge m
    JOIN volunteer k ON k.district = m.district AND k.id = m.kept_id
    JOIN volunteer g ON g.district = m.district AND g.id = m.merged_id
    WHERE m.district = :district AND :id IN (m.kept_id, m.merged_id)
      AND (CAST(:before AS uuid) IS NULL OR m.id < :before)
    ORDER BY m.id DESC LIMIT :limit
""")


async def preview(tx: AsyncConnection, keys: KeyRing, district: str, kept: Entry, merged: Entry) -> MergePreview:
    """Return two entries that could be merged, side by side."""
    found = await tx.execute(_PEOPLE, {"district": district, "ids": [kept.id, merged.id]})
    rows = {row["id"]: row for row in found.mappings()}
    people = {
        row["id"]: keys.open_person(row["id"], SealedPerson(row["wrapped_key"], row["personal_data"]))
        for row in rows.values()
    }

    def shown(entry: Entry) -> EntryToMerge:
        masked = people[entry.id].masked()
        return EntryToMerge(
            **{name: rows[entry.id][name] for name in EntryToMerge.model_fields if name in rows[entry.id]},
            name=masked.name,
            gender=masked.gender,
            id_number=masked.id_number,
            phone=masked.phone,
            id_number_checked=entry.id_number_checked,
            can_log_in=entry.account_id is not None and not entry.is_locked,
        )

    same = alike(people[kept.id], people[merged.id])
    return MergePreview(
        kept=shown(kept),
        merged=shown(merged),
        same_name=same.name,
        same_phone=same.phone,
        same_gender=same.gender,
        same_birth_date=same.birth_date,
    )


async def mergers_of(
    tx: AsyncConnection, district: str, volunteer_id: UUID, before: UUID | None, limit: int
) -> list[MergeView]:
    """Return the mergers that an entry is part of, the newest first, from before an id on.

    Raises RefusedError (not_found).
    """
    if await find_entry(tx, district, volunteer_id=volunteer_id) is None:
        raise RefusedError(Fault("volunteer_id", Code.NOT_FOUND))
    values = {"district": district, "id": volunteer_id, "before": before, "limit": limit}
    return [MergeView(**row) for row in (await tx.execute(_MERGES, values)).mappings()]
