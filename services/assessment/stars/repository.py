"""Awards: the stars of every volunteer, and how much has been announced of their account.

Invariant: one row of ``award`` a volunteer, changed before anything is announced about the volunteer. Its version
counts those announcements, hours and stars alike, so all events about one account share one rising version and the
log's key (aggregate, version) holds them both. Levels only rise: what a correction takes from the hours is in the
ledger, but a star once awarded is taken back by nobody but a person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.rules.domain import RuleSet
from services.assessment.stars.tables import award
from shared.store.statements import unnest


@dataclass(frozen=True, slots=True)
class Standing:
    """A volunteer's award row after a change: ``version`` is that of the last announcement."""

    district: str
    volunteer_id: UUID
    previous_level: int
    level: int
    version: int
    lifetime_minutes: int


# width_bucket counts the thresholds that are at or below the minutes: the star level (as RuleSet.star_level does).
_ANNOUNCE = text("""
    INSERT INTO award (district, volunteer_id, stars, version)
    SELECT n.district, n.volunteer_id, reached.level, n.announcements + (reached.level > 0)::int
    FROM unnest(CAST(:district AS text[]), CAST(:volunteer_id AS uuid[]), CAST(:announcements AS int[]),
                CAST(:star_minutes AS text[])) AS n(district, volunteer_id, announcements, star_minutes)
    JOIN volunteer_hours h USING (district, volunteer_id)
    CROSS JOIN LATERAL (SELECT width_bucket(h.minutes, CAST(n.star_minutes AS bigint[])) AS level) reached
    ORDER BY n.district, n.volunteer_id
    ON CONFLICT (district, volunteer_id) DO UPDATE
    SET stars = greatest(award.stars, excluded.stars),
        version = award.version + excluded.version - (excluded.stars > 0)::int + (excluded.stars > award.stars)::int
    RETURNING district, volunteer_id, coalesce(old.stars, 0), new.stars, new.version,
              (SELECT minutes FROM volunteer_hours h
               WHERE h.district = award.district AND h.volunteer_id = award.volunteer_id)
""")
# Few have the hours for a level, so those are looked for first, and only then whether the imports credited them.
# Nothing joins two sets that were just made: the planner knows no sizes after a bulk load, and would go row by row.
_RAISE = text("""
    WITH raised AS (
        INSERT INTO award (district, volunteer_id, stars, version)
        SELECT h.district, h.volunteer_id, reached.level, 1
        FROM unnest(CAST(:district AS text[]), CAST(:star_minutes AS text[])) AS r(district, star_minutes)
        JOIN volunteer_hours h USING (district)
        CROSS JOIN LATERAL (SELECT width_bucket(h.minutes, CAST(r.star_minutes AS bigint[])) AS level) reached
        WHERE reached.level > 0
          AND EXISTS (SELECT FROM ledger_entry e
                      WHERE e.district = h.district AND e.volunteer_id = h.volunteer_id
                        AND e.import_id = ANY(CAST(:imports AS uuid[])))
        ORDER BY h.district, h.volunteer_id
        ON CONFLICT (district, volunteer_id) DO UPDATE SET stars = excluded.stars, version = award.version + 1
        WHERE excluded.stars > award.stars
        RETURNING district, volunteer_id, coalesce(old.stars, 0) AS previous_level, new.stars AS level, new.version
    )
    SELECT (SELECT e.import_id FROM ledger_entry e
            WHERE e.district = r.district AND e.volunteer_id = r.volunteer_id
              AND e.import_id = ANY(CAST(:imports AS uuid[]))
            ORDER BY e.import_id LIMIT 1),
           r.district, r.volunteer_id, r.previous_level, r.level, r.version, h.minutes
    FROM raised r JOIN volunteer_hours h USING (district, volunteer_id)
""")

# What the service decided and announced, as its own log has it: the account's last version, its highest star.
_ENTER = text(f"""
    INSERT INTO award (district, volunteer_id, stars, version)
    SELECT district, volunteer_id, max(stars), max(version) FROM {unnest(award, award.c.keys())} GROUP BY 1, 2
    ON CONFLICT (district, volunteer_id) DO UPDATE
    SET stars = greatest(award.stars, excluded.stars), version = greatest(award.version, excluded.version)
""")


async def announce(
    tx: AsyncConnection, announcements: Mapping[tuple[str, UUID], int], rules: Mapping[str, RuleSet]
) -> list[Standing]:
    """Count announcements about volunteers, (district, id) -> how many, and raise the levels that their hours give.

    A level that rises takes one version more, the last. ``rules`` are by district.
    """
    rows = await tx.execute(
        _ANNOUNCE,
        {
            "district": [district for district, _ in announcements],
            "volunteer_id": [volunteer_id for _, volunteer_id in announcements],
            "announcements": list(announcements.values()),
            "star_minutes": [_array(rules[district].star_minutes) for district, _ in announcements],
        },
    )
    return [Standing(*row) for row in rows]


async def raise_levels(
    tx: AsyncConnection, imports: Sequence[UUID], rules: Mapping[str, RuleSet]
) -> list[tuple[UUID, Standing]]:
    """Raise the levels of everybody whom the imports have credited; return the import and the standing of each.

    ``rules`` are by district. Who was in two of the imports is raised once, by the earlier of them.
    """
    rows = await tx.execute(
        _RAISE,
        {
            "imports": list(imports),
            "district": list(rules),
            "star_minutes": [_array(rule_set.star_minutes) for rule_set in rules.values()],
        },
    )
    return [(import_id, Standing(*standing)) for import_id, *standing in rows]


def _array(values: Sequence[int]) -> str:
    return "{" + ",".join(map(str, values)) + "}"


async def enter_announced(tx: AsyncConnection, told: Mapping[str, Sequence[object]]) -> None:
    """Enter what was announced of volunteers, a list a column: the stars told of (0 where none) and the version."""
    await tx.execute(_ENTER, told)
