"""What assessment decides for itself: awards and the progress of imports.

Invariant: one row of ``award`` a volunteer, changed before anything is announced about the volunteer; its version
counts the announcements, so their order per volunteer is the order of versions. Levels only rise: what a correction
takes from the hours is in the ledger, but a star once awarded is not taken back without a person deciding so.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.domain import DEFAULT, RuleSet, rule_set

_RULE_SETS = text("""
    SELECT DISTINCT ON (district) district, name, rules FROM rule_set
    WHERE district = ANY(CAST(:districts AS text[])) AND effective_from <= current_date
    ORDER BY district, effective_from DESC
""")


async def rule_sets(tx: AsyncConnection, districts: Collection[str]) -> dict[str, RuleSet]:
    """Return the rule set in force in each district: its own newest, or the default."""
    rows = await tx.execute(_RULE_SETS, {"districts": list(districts)})
    return dict.fromkeys(districts, DEFAULT) | {row.district: rule_set(row.name, row.rules) for row in rows}


@dataclass(frozen=True, slots=True)
class Standing:
    """A volunteer's award row after a change: ``version`` is that of the last announcement."""

    district: str
    volunteer_id: UUID
    previous_level: int
    level: int
    version: int
    lifetime_minutes: int


# width_bucket counts the thresholds that are at or below the minutes: the star level.
_ANNOUNCE = text("""
    INSERT INTO award AS a (district, volunteer_id, stars, version)
    SELECT n.district, n.volunteer_id, r.level, n.announcements + (r.level > 0)::int
    FROM unnest(CAST(:district AS text[]), CAST(:volunteer_id AS uuid[]), CAST(:announcements AS int[]),
                CAST(:thresholds AS text[])) AS n(district, volunteer_id, announcements, thresholds)
    JOIN volunteer_hours h USING (district, volunteer_id)
    CROSS JOIN LATERAL (SELECT width_bucket(h.minutes, CAST(n.thresholds AS bigint[])) AS level) r
    ORDER BY n.district, n.volunteer_id
    ON CONFLICT (district, volunteer_id) DO UPDATE
    SET stars = greatest(a.stars, excluded.stars),
        version = a.version + excluded.version - (excluded.stars > 0)::int + (excluded.stars > a.stars)::int
    RETURNING a.district, a.volunteer_id, coalesce(old.stars, 0) AS previous_level, new.stars AS level, new.version,
              (SELECT minutes FROM volunteer_hours h
               WHERE h.district = a.district AND h.volunteer_id = a.volunteer_id) AS lifetime_minutes
""")
_RAISE = text("""
    INSERT INTO award AS a (district, volunteer_id, stars, version)
    SELECT h.district, h.volunteer_id, r.level, 1
    FROM (SELECT DISTINCT volunteer_id FROM ledger_entry WHERE district = :district AND import_id = :import_id) v
    JOIN volunteer_hours h ON h.district = :district AND h.volunteer_id = v.volunteer_id
    CROSS JOIN LATERAL (SELECT width_bucket(h.minutes, CAST(:thresholds AS bigint[])) AS level) r
    WHERE r.level > 0 ORDER BY h.volunteer_id
    ON CONFLICT (district, volunteer_id) DO UPDATE SET stars = excluded.stars, version = a.version + 1
    WHERE excluded.stars > a.stars
    RETURNING a.district, a.volunteer_id, coalesce(old.stars, 0) AS previous_level, new.stars AS level, new.version,
              (SELECT minutes FROM volunteer_hours h
               WHERE h.district = a.district AND h.volunteer_id = a.volunteer_id) AS lifetime_minutes
""")


async def announce(
    tx: AsyncConnection, announcements: Mapping[tuple[str, UUID], int], rules: Mapping[str, RuleSet]
) -> list[Standing]:
    """Count announcements about volunteers, (district, id) -> how many, and raise the levels that their hours give.

    A level that rises takes one version more, the last.
    """
    keys = list(announcements)
    thresholds = {district: _array(found.automatic_thresholds) for district, found in rules.items()}
    rows = await tx.execute(
        _ANNOUNCE,
        {
            "district": [district for district, _ in keys],
            "volunteer_id": [volunteer_id for _, volunteer_id in keys],
            "announcements": list(announcements.values()),
            "thresholds": [thresholds[district] for district, _ in keys],
        },
    )
    return [Standing(*row) for row in rows]


async def raise_levels(tx: AsyncConnection, district: str, import_id: UUID, rules: RuleSet) -> list[Standing]:
    """Raise the levels of everybody whom an import has credited; return those that rose."""
    rows = await tx.execute(
        _RAISE, {"district": district, "import_id": import_id, "thresholds": rules.automatic_thresholds}
    )
    return [Standing(*row) for row in rows]


def _array(values: Sequence[int]) -> str:
    return "{" + ",".join(map(str, values)) + "}"


_CREDITED = text("""
    INSERT INTO import_progress AS p (district, import_id, credited_records, credited_minutes)
    SELECT district, import_id, count(*), sum(minutes)
    FROM unnest(CAST(:district AS text[]), CAST(:import_id AS uuid[]), CAST(:minutes AS int[]))
         AS c(district, import_id, minutes)
    GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (district, import_id) DO UPDATE
    SET credited_records = p.credited_records + excluded.credited_records,
        credited_minutes = p.credited_minutes + excluded.credited_minutes
""")
_EXPECTED = text("""
    INSERT INTO import_progress AS p (district, import_id, expected_records, expected_minutes)
    SELECT * FROM unnest(CAST(:district AS text[]), CAST(:import_id AS uuid[]), CAST(:records AS int[]),
                         CAST(:minutes AS bigint[])) AS e(district, import_id, records, minutes) ORDER BY 1, 2
    ON CONFLICT (district, import_id) DO UPDATE
    SET expected_records = excluded.expected_records, expected_minutes = excluded.expected_minutes
""")
_CLOSE = text("""
    UPDATE import_progress p SET closed = true
    WHERE (district, import_id) IN (SELECT * FROM unnest(CAST(:district AS text[]), CAST(:import_id AS uuid[])))
      AND NOT closed AND credited_records = expected_records
    RETURNING district, import_id, credited_records AS records, credited_minutes AS minutes,
              (SELECT count(DISTINCT volunteer_id) FROM ledger_entry e
               WHERE e.district = p.district AND e.import_id = p.import_id) AS volunteers
""")


@dataclass(frozen=True, slots=True)
class ClosedImport:
    """An import whose every record is in the ledger."""

    district: str
    import_id: UUID
    records: int
    minutes: int
    volunteers: int


async def note_credited(tx: AsyncConnection, credited: Sequence[tuple[str, UUID, int]]) -> None:
    """Count records in the ledger by import: (district, import id, minutes) each."""
    await tx.execute(
        _CREDITED,
        {
            "district": [district for district, _, _ in credited],
            "import_id": [import_id for _, import_id, _ in credited],
            "minutes": [minutes for _, _, minutes in credited],
        },
    )


async def note_expected(tx: AsyncConnection, imports: Sequence[tuple[str, UUID, int, int]]) -> None:
    """Note how many records an import has: (district, import id, records, minutes) each."""
    await tx.execute(
        _EXPECTED,
        {
            "district": [district for district, _, _, _ in imports],
            "import_id": [import_id for _, import_id, _, _ in imports],
            "records": [records for _, _, records, _ in imports],
            "minutes": [minutes for _, _, _, minutes in imports],
        },
    )


async def close_complete(tx: AsyncConnection, imports: Collection[tuple[str, UUID]]) -> list[ClosedImport]:
    """Close those of the imports, (district, id) each, that are complete; each is returned once in its life.

    Two consumers that credit the last records at once wait for each other on the progress row, so the later one closes.
    """
    rows = await tx.execute(
        _CLOSE,
        {
            "district": [district for district, _ in imports],
            "import_id": [import_id for _, import_id in imports],
        },
    )
    return [ClosedImport(*row) for row in rows]
