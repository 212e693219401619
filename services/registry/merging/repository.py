"""Mergers on file, and what has followed from one entry to another.

Invariant: what follows is noted row by row, so that undoing a merger brings back exactly that. The caller holds the
district (``people.repository.lock_district``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.consents.domain import ConsentChannel
from services.registry.consents.texts import ConsentPurpose
from services.registry.merging.domain import Entry, Stated

_ENTRY = text("""
    SELECT v.id, v.number, v.team_id, v.restricted_at IS NOT NULL AS is_closed,
           v.merged_into_id IS NOT NULL AS is_merged,
           EXISTS (SELECT FROM volunteer m WHERE m.district = v.district AND m.merged_into_id = v.id) AS has_merged,
           EXISTS (SELECT FROM correction c WHERE c.district = v.district AND c.volunteer_id = v.id
                   AND c.field = 'id_number' AND c.state = 'accepted') AS id_number_checked,
           EXISTS (SELECT FROM correction c WHERE c.district = v.district AND c.volunteer_id = v.id
                   AND c.state = 'open') AS has_open_correction,
           a.id AS account_id, coalesce(a.roles, ARRAY[]::text[]) AS roles, a.locked_at IS NOT NULL AS is_locked
    FROM volunteer v LEFT JOIN account a ON a.district = v.district AND a.volunteer_id = v.id
    WHERE v.district = :district AND (v.id = CAST(:id AS uuid) OR replace(v.number, '-', '') = CAST(:number AS text))
""")
_SET_MERGED = text("""
    UPDATE volunteer SET merged_into_id = :into_id, version = version + 1
    WHERE district = :district AND id = :id RETURNING version
""")
_BEGIN = text("""
    INSERT INTO volunteer_merge (district, id, merged_id, kept_id, account_id, team_id, merged_at)
    VALUES (:district, :id, :merged_id, :kept_id, :account_id, :team_id, :merged_at)
""")
_STANDING = text("""
    SELECT id, merged_id, kept_id, account_id, team_id FROM volunteer_merge
    WHERE district = :district AND merged_id = :merged_id AND undone_at IS NULL FOR UPDATE
""")
_UNDO = text("UPDATE volunteer_merge SET undone_at = :undone_at WHERE district = :district AND id = :id")
_NOTE = "INSERT INTO followed_row (district, merge_id, kind, row_id) SELECT :district, :merge_id, '{kind}', id FROM"
# Both are paired with one household: it is one pairing now.
_END_TWICE_PAIRED = text(f"""
    WITH ended AS (
        UPDATE pairing p SET ended_on = greatest(CAST(:day AS date), p.starts_on), version = p.version + 1
        WHERE p.district = :district AND p.volunteer_id = :merged_id AND p.ended_on IS NULL
          AND EXISTS (SELECT FROM pairing k
                      WHERE k.district = p.district AND k.household_id = p.household_id
                        AND k.volunteer_id = :kept_id AND k.ended_on IS NULL)
        RETURNING p.id
    )
    {_NOTE.format(kind="pairing_ended")} ended
""")
_BEGIN_AGAIN = text("""
    UPDATE pairing p SET ended_on = NULL, version = p.version + 1 FROM followed_row r
    WHERE r.district = :district AND r.merge_id = :merge_id AND r.kind = 'pairing_ended'
      AND p.district = r.district AND p.id = r.row_id
""")
_FREE = {
    "placement": """
        AND NOT EXISTS (SELECT FROM placement k
                        WHERE k.district = t.district AND k.allocation_id = t.allocation_id
                          AND k.volunteer_id = :kept_id)
    """,
    "training_delivery": """
        AND NOT EXISTS (SELECT FROM training_delivery k
                        WHERE k.district = t.district AND k.material_id = t.material_id
                          AND k.volunteer_id = :kept_id)
    """,
    "team_invitation": """
        AND (t.state <> 'invited'
             OR NOT EXISTS (SELECT FROM team_invitation k
                            WHERE k.district = t.district AND k.team_id = t.team_id AND k.state = 'invited'
                              AND k.volunteer_id = :kept_id))
    """,
}
"""What stays where it is: the kept entry has one of its own, and there is one a person."""
_FOLLOW = {
    kind: text(f"""
        WITH moved AS (
            UPDATE {kind} t SET volunteer_id = :kept_id
            WHERE t.district = :district AND t.volunteer_id = :merged_id {_FREE.get(kind, "")} RETURNING t.id
        )
        {_NOTE.format(kind=kind)} moved
    """)
    for kind in ("pairing", "pairing_visit", "placement", "qualification", "training_delivery", "team_invitation")
}
_RETURN = {
    kind: text(f"""
        UPDATE {kind} t SET volunteer_id = :merged_id FROM followed_row r
        WHERE r.district = :district AND r.merge_id = :merge_id AND r.kind = '{kind}'
          AND t.district = r.district AND t.id = r.row_id AND t.volunteer_id = :kept_id
    """)
    for kind in _FOLLOW
}
# Those that hold: who relies on them has to hear whose they are now.
_TELL_QUALIFICATIONS = text("""
    UPDATE qualification q SET version = q.version + 1 FROM followed_row r
    WHERE r.district = :district AND r.merge_id = :merge_id AND r.kind = 'qualification'
      AND q.district = r.district AND q.id = r.row_id AND q.state = 'verified'
    RETURNING q.id, q.volunteer_id, q.kind, q.issued_on, q.expires_on, q.version
""")
_STATED = text("""
    SELECT DISTINCT ON (purpose) purpose, given, text_version, channel, stated_at FROM consent
    WHERE district = :district AND volunteer_id = :volunteer_id ORDER BY purpose, stated_at DESC, id DESC
""")
_NOTE_CONSENT = text("""
    INSERT INTO followed_consent (district, merge_id, purpose, given_before, statements)
    VALUES (:district, :merge_id, :purpose, :given_before, :statements)
""")
_CONSENTS = text("""
    SELECT purpose, given_before, statements FROM followed_consent WHERE district = :district AND merge_id = :merge_id
""")


@dataclass(frozen=True, slots=True)
class Merge:
    """A merger: ``account_id`` was locked by it, ``team_id`` became the kept entry's by it; None where that was not."""

    id: UUID
    merged_id: UUID
    kept_id: UUID
    account_id: UUID | None
    team_id: UUID | None

    def values(self, district: str) -> dict[str, Any]:
        """Return what the statements of a merger are bound to."""
        return {"district": district, "merge_id": self.id, "merged_id": self.merged_id, "kept_id": self.kept_id}


async def find_entry(
    tx: AsyncConnection, district: str, *, volunteer_id: UUID | None = None, number: str | None = None
) -> Entry | None:
    """Return an entry by its id or its number, which is without hyphens; None where there is none."""
    values = {"district": district, "id": volunteer_id, "number": number}
    row = (await tx.execute(_ENTRY, values)).mappings().one_or_none()
    return Entry(**{**row, "roles": tuple(row["roles"])}) if row else None


async def set_merged(tx: AsyncConnection, district: str, volunteer_id: UUID, into_id: UUID | None) -> int:
    """Let an entry be merged into another, or into none any more; return its new version."""
    values = {"district": district, "id": volunteer_id, "into_id": into_id}
    version: int = (await tx.execute(_SET_MERGED, values)).scalar_one()
    return version


async def begin(tx: AsyncConnection, district: str, new: Merge, merged_at: datetime) -> None:
    """Put a merger on file."""
    values = {
        "district": district,
        "id": new.id,
        "merged_id": new.merged_id,
        "kept_id": new.kept_id,
        "account_id": new.account_id,
        "team_id": new.team_id,
        "merged_at": merged_at,
    }
    await tx.execute(_BEGIN, values)


async def standing(tx: AsyncConnection, district: str, merged_id: UUID) -> Merge | None:
    """Return the merger by which an entry is merged now, held to the commit, or None."""
    row = (await tx.execute(_STANDING, {"district": district, "merged_id": merged_id})).one_or_none()
    return Merge(*row) if row else None


async def note_undone(tx: AsyncConnection, district: str, merge_id: UUID, undone_at: datetime) -> None:
    """Note that a merger is undone."""
    await tx.execute(_UNDO, {"district": district, "id": merge_id, "undone_at": undone_at})


async def follow(tx: AsyncConnection, district: str, merge: Merge, day: date) -> None:
    """Let pairings, visits, placements, qualifications, training and invitations follow to the kept entry.

    A household that both are paired with keeps one pairing, the other one ends on ``day``; a placement stays where the
    kept entry has one of the same allocation, material and an open invitation where it has got the same.
    """
    await tx.execute(_END_TWICE_PAIRED, merge.values(district) | {"day": day})
    for statement in _FOLLOW.values():
        await tx.execute(statement, merge.values(district))


async def bring_back(tx: AsyncConnection, district: str, merge: Merge) -> None:
    """Let what has followed be the merged entry's again."""
    for statement in (*_RETURN.values(), _BEGIN_AGAIN):
        await tx.execute(statement, merge.values(district))


async def qualifications_to_tell(tx: AsyncConnection, district: str, merge: Merge) -> Sequence[Row[Any]]:
    """Return the qualifications that hold and were moved by a merger, each under a new version."""
    return (await tx.execute(_TELL_QUALIFICATIONS, merge.values(district))).all()


async def stated(tx: AsyncConnection, district: str, volunteer_id: UUID) -> Mapping[ConsentPurpose, Stated]:
    """Return what was stated last under an entry, by purpose."""
    rows = await tx.execute(_STATED, {"district": district, "volunteer_id": volunteer_id})
    return {
        ConsentPurpose(row.purpose): Stated(row.given, row.text_version, ConsentChannel(row.channel), row.stated_at)
        for row in rows
    }


async def note_consent(
    tx: AsyncConnection,
    district: str,
    merge_id: UUID,
    purpose: ConsentPurpose,
    given_before: bool | None,
    statements: int,
) -> None:
    """Note that a statement has followed: what held before, and how many of the purpose there are with it."""
    values = {"purpose": purpose, "given_before": given_before, "statements": statements}
    await tx.execute(_NOTE_CONSENT, {"district": district, "merge_id": merge_id, **values})


async def followed_consents(
    tx: AsyncConnection, district: str, merge_id: UUID
) -> list[tuple[ConsentPurpose, bool | None, int]]:
    """Return the statements that have followed: purpose, what held before, how many there were with it."""
    rows = await tx.execute(_CONSENTS, {"district": district, "merge_id": merge_id})
    return [(ConsentPurpose(row.purpose), row.given_before, row.statements) for row in rows]
