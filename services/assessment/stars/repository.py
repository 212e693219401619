"""Awards: the stars of every volunteer, and how much has been announced of their account.

Invariant: one row of ``award`` a volunteer, changed before anything is announced about the volunteer. Its version
counts those announcements, hours and stars alike, so all events about one account share one rising version and the
log's key (aggregate, version) holds them both. Levels only rise: what a correction takes from the hours is in the
ledger, but a star once awarded is taken back by nobody but a person. Undoing a merger is such a decision: the stars
that the other entry's hours have given go with them. Who has moved here has the stars that they had, at least.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.ledger.queries import HOURS_OF, lifetime_hours, of_person
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
_ANNOUNCE = text(f"""
    INSERT INTO award (district, volunteer_id, stars, version)
    SELECT n.district, n.volunteer_id, reached.level, n.announcements + (reached.level > 0)::int
    FROM unnest(CAST(:district AS text[]), CAST(:volunteer_id AS uuid[]), CAST(:announcements AS int[]),
                CAST(:star_minutes AS text[])) AS n(district, volunteer_id, announcements, star_minutes)
    JOIN LATERAL {HOURS_OF.format(of="n")} h ON h.minutes IS NOT NULL
    CROSS JOIN LATERAL (SELECT width_bucket(h.minutes, CAST(n.star_minutes AS bigint[])) AS level) reached
    ORDER BY n.district, n.volunteer_id
    ON CONFLICT (district, volunteer_id) DO UPDATE
    SET stars = greatest(award.stars, excluded.stars),
        version = award.version + excluded.version - (excluded.stars > 0)::int + (excluded.stars > award.stars)::int
    RETURNING district, volunteer_id, coalesce(old.stars, 0), new.stars, new.version,
              (SELECT h.minutes FROM {HOURS_OF.format(of="award")} h)
""")
# Few have the hours for a level, so those are looked for first, and only then whether the imports credited them.
# Nothing joins two sets that were just made: the planner knows no sizes after a bulk load, and would go row by row.
_RAISE = text(f"""
    WITH raised AS (
        INSERT INTO award (district, volunteer_id, stars, version)
        SELECT h.district, h.volunteer_id, reached.level, 1
        FROM unnest(CAST(:district AS text[]), CAST(:star_minutes AS text[])) AS r(district, star_minutes)
        CROSS JOIN LATERAL {lifetime_hours("r.district")} h
        CROSS JOIN LATERAL (SELECT width_bucket(h.minutes, CAST(r.star_minutes AS bigint[])) AS level) reached
        WHERE reached.level > 0
          AND EXISTS (SELECT FROM {of_person("ledger_entry", "h")} e
                      WHERE e.import_id = ANY(CAST(:imports AS uuid[])))
        ORDER BY h.district, h.volunteer_id
        ON CONFLICT (district, volunteer_id) DO UPDATE SET stars = excluded.stars, version = award.version + 1
        WHERE excluded.stars > award.stars
        RETURNING district, volunteer_id, coalesce(old.stars, 0) AS previous_level, new.stars AS level, new.version
    )
    SELECT (SELECT e.import_id FROM {of_person("ledger_entry", "r")} e
            WHERE e.import_id = ANY(CAST(:imports AS uuid[]))
            ORDER BY e.import_id LIMIT 1),
           r.district, r.volunteer_id, r.previous_level, r.level, r.version, h.minutes
    FROM raised r CROSS JOIN LATERAL {HOURS_OF.format(of="r")} h
""")
# floor: the level that stays whatever the hours are. So does what the entries that are merged into it were awarded,
# and what was awarded elsewhere to who has moved here.
_RESTATE = text(
    f"""
    INSERT INTO award (district, volunteer_id, stars, version)
    SELECT s.district, s.volunteer_id, s.level, 1
    FROM (
        SELECT CAST(:district AS text) AS district, n.volunteer_id,
               greatest(CAST(:floor AS int), coalesce((SELECT max(a.stars) FROM {of_person("award", "n")} a
                                          WHERE a.volunteer_id <> n.volunteer_id), 0),
                        coalesce((SELECT max(c.stars) FROM {of_person("carried_hours", "n")} c), 0),
                        width_bucket(coalesce((SELECT h.minutes FROM {HOURS_OF} h), 0),
                                     CAST(:star_minutes AS bigint[]))) AS level
        FROM (SELECT CAST(:district AS text) AS district, CAST(:volunteer_id AS uuid) AS volunteer_id) n
    ) s
    WHERE s.level > 0 OR EXISTS (SELECT FROM award WHERE district = :district AND volunteer_id = :volunteer_id)
    ON CONFLICT (district, volunteer_id) DO UPDATE SET stars = excluded.stars, version = award.version + 1
    WHERE award.stars <> excluded.stars
    RETURNING district, volunteer_id, coalesce(old.stars, 0), new.stars, new.version,
              coalesce((SELECT h.minutes FROM {HOURS_OF.replace("{of}", "award")} h), 0)
""".format(of="n")
)
_STARS = text("""
    SELECT coalesce((SELECT stars FROM award WHERE district = :district AND volunteer_id = :volunteer_id FOR UPDATE), 0)
""")
_BRING = text("""
    INSERT INTO award (district, volunteer_id, stars, version) VALUES (:district, :volunteer_id, :stars, :announcements)
    ON CONFLICT (district, volunteer_id) DO UPDATE
    SET stars = greatest(award.stars, excluded.stars), version = award.version + excluded.version
    RETURNING version
""")
_KEEP = text("""
    INSERT INTO stars_before_merge (district, volunteer_id, stars) VALUES (:district, :volunteer_id, :stars)
    ON CONFLICT DO NOTHING
""")
_BEFORE = text("SELECT stars FROM stars_before_merge WHERE district = :district AND volunteer_id = :volunteer_id")
_FORGET = text("""
    DELETE FROM stars_before_merge b
    WHERE district = :district AND volunteer_id = :volunteer_id
      AND NOT EXISTS (SELECT FROM merged_volunteer m WHERE m.district = b.district AND m.kept_id = b.volunteer_id)
""")

# What the service decided and announced, as its own log has it: the account's last version, its highest star.
_ENTER = text(f"""
    INSERT INTO award (district, volunteer_id, stars, version)
    SELECT district, volunteer_id, max(stars), max(version) FROM {unnest(award, award.c.keys())} GROUP BY 1, 2
    ON CONFLICT (district, volunteer_id) DO UPDATE
    SET stars = greatest(award.stars, excluded.stars), version = greatest(award.version, excluded.version)
""")

# A level that was said anew is what it is, and the highest since.
_ENTER_RESTATED = text(f"""
    UPDATE award SET stars = r.stars, version = greatest(award.version, r.version)
    FROM {unnest(award, award.c.keys())} WHERE award.district = r.district AND award.volunteer_id = r.volunteer_id
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


async def stars_of(tx: AsyncConnection, district: str, volunteer_id: UUID) -> int:
    """Return the level that somebody has been awarded, and hold it to the end of the transaction.

    Who sets it anew from there would else take a star back that a credit gives meanwhile.
    """
    return int((await tx.execute(_STARS, {"district": district, "volunteer_id": volunteer_id})).scalar_one())


async def bring_stars(tx: AsyncConnection, district: str, volunteer_id: UUID, stars: int, announcements: int) -> int:
    """Give somebody the level that they had elsewhere, and count what is announced of it; return the last version."""
    values = {"district": district, "volunteer_id": volunteer_id, "stars": stars, "announcements": announcements}
    return int((await tx.execute(_BRING, values)).scalar_one())


async def keep_stars(tx: AsyncConnection, district: str, volunteer_id: UUID, stars: int) -> None:
    """Keep the level that an entry has before another one is merged into it; the first merger's stays."""
    await tx.execute(_KEEP, {"district": district, "volunteer_id": volunteer_id, "stars": stars})


async def stars_without(tx: AsyncConnection, district: str, volunteer_id: UUID) -> int | None:
    """Return the level that was kept, or None."""
    found: int | None = await tx.scalar(_BEFORE, {"district": district, "volunteer_id": volunteer_id})
    return found


async def forget_stars(tx: AsyncConnection, district: str, volunteer_id: UUID) -> None:
    """Forget the level that was kept, once nothing is merged into the entry any more."""
    await tx.execute(_FORGET, {"district": district, "volunteer_id": volunteer_id})


async def restate(
    tx: AsyncConnection, district: str, volunteer_id: UUID, floor: int, rules: RuleSet
) -> Standing | None:
    """Set somebody's level anew to what their hours give, and ``floor`` at least; None where it stays as it is."""
    values = {"district": district, "volunteer_id": volunteer_id, "floor": floor}
    row = (await tx.execute(_RESTATE, {**values, "star_minutes": rules.star_minutes})).one_or_none()
    return Standing(*row) if row else None


def _array(values: Sequence[int]) -> str:
    return "{" + ",".join(map(str, values)) + "}"


async def enter_announced(
    tx: AsyncConnection, told: Mapping[str, Sequence[object]], restated: Mapping[str, Sequence[object]]
) -> None:
    """Enter what was announced of volunteers, a list a column: the stars told of (0 where none) and the version.

    ``restated``: the same of those whose level was said anew, with the highest since; one row each.
    """
    await tx.execute(_ENTER, told)
    if restated["volunteer_id"]:
        await tx.execute(_ENTER_RESTATED, restated)
