"""The annual assessment, worked out on the ledger as it stands. Who has ended their registration is not ranked.

Invariant: the order of the nominated follows from the records alone. Scores are exact: each is one fraction of whole
numbers until it is rounded half up to 4 places, and equal scores are told apart down to the volunteer's number.
"""

from collections import Counter
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.ledger.queries import PERSONAL_ENTRIES, ROOM, SESSIONS
from services.assessment.rules.domain import MINUTES_PER_HOUR, RuleSet
from services.assessment.rules.queries import current_rules, rules_at
from shared.store.event_log import now


class Group(StrEnum):
    """Who is ranked with whom."""

    UNIVERSITY_STUDENT = "university_student"
    OTHER = "other"


class GroupSize(BaseModel):
    """How many of a group are eligible, and how many of them nominated."""

    group: Group
    eligible: int
    nominated: int


class Nomination(BaseModel):
    """One of the nominated: rank in the group from 1, the score, and what it was made of."""

    group: Group
    rank: int
    volunteer_id: UUID
    volunteer_no: str
    category: str
    score: Decimal
    minutes: int
    sessions: int
    months: int
    ratings: int


class AssessmentPreview(BaseModel):
    """What the assessment of a year would give now, over records that began on a day in [``start``, ``end``)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "year": 2025,
                    "rule_set": "default/2025.1",
                    "start": "2024-12-05",
                    "end": "2025-12-05",
                    "eligible": 10703,
                    "nominated": 108,
                    "groups": [{"group": "university_student", "eligible": 9504, "nominated": 96}],
                    "nominations": [
                        {
                            "group": "university_student",
                            "rank": 1,
                            "volunteer_id": "019c2f6e-1111-7c3e-9a51-0d4c8b1f2a77",
                            "volunteer_no": "51011500001365",
                            "category": "university_student",
                            "score": "98.2000",
                            "minutes": 6990,
                            "sessions": 31,
                            "months": 12,
                            "ratings": 17,
                        }
                    ],
                }
            ]
        }
    )

    year: int
    rule_set: str
    start: date
    end: date
    eligible: int
    nominated: int
    groups: list[GroupSize]
    nominations: list[Nomination]


# A record can have two ratings, its recipient's and its organiser's: each counts as one.
# RuleSet says what the score is. Here it is one fraction of whole numbers, over full_minutes * full_months * 4 *
# (ratings + prior_ratings): with a single division, a half is rounded as a half.
_NOMINATIONS = text(f"""
    WITH monthly AS (
        SELECT volunteer_id, sum(minutes)::int AS minutes, {SESSIONS}::int AS sessions,
               sum(CASE kind WHEN 'reversal' THEN -rating ELSE rating END)::int AS rating_sum,
               ({SESSIONS} FILTER (WHERE rating IS NOT NULL))::int AS ratings
        FROM {PERSONAL_ENTRIES} e WHERE district = :district AND service_on >= :start AND service_on < :end
        GROUP BY volunteer_id, date_trunc('month', service_on::timestamp)
    ), yearly AS (
        SELECT volunteer_id, sum(minutes) AS minutes, sum(sessions) AS sessions,
               count(*) FILTER (WHERE sessions > 0) AS months, coalesce(sum(rating_sum), 0) AS rating_sum,
               coalesce(sum(ratings), 0) AS ratings
        FROM monthly GROUP BY volunteer_id
        HAVING sum(minutes) >= :eligible_minutes AND count(*) FILTER (WHERE sessions > 0) >= :eligible_months
    ), organised AS (
        SELECT coalesce(m.kept_id, r.volunteer_id) AS volunteer_id, sum(r.rating) AS rating_sum, count(*) AS ratings
        FROM organiser_rating r
        LEFT JOIN merged_volunteer m ON m.district = :district AND m.id = r.volunteer_id
        WHERE r.district = :district AND EXISTS (
            SELECT FROM ledger_entry e
            WHERE e.district = :district AND e.record_id = r.id AND e.service_on >= :start AND e.service_on < :end
            HAVING sum(e.minutes) > 0
        )
        GROUP BY 1
    ), rated AS (
        SELECT y.volunteer_id, y.minutes, y.sessions, y.months, y.ratings + coalesce(o.ratings, 0) AS ratings,
               y.rating_sum + coalesce(o.rating_sum, 0) AS rating_sum
        FROM yearly y LEFT JOIN organised o USING (volunteer_id)
    ), scored AS (
        SELECT v.id AS volunteer_id, v.number AS volunteer_no, v.category, y.minutes, y.sessions, y.months, y.ratings,
               CASE v.category WHEN 'university_student' THEN 'university_student' ELSE 'other' END AS "group",
               round(
                   (4 * CAST(:hours_weight AS numeric) * least(y.minutes, :full_minutes) * :full_months
                      * (y.ratings + :prior_ratings)
                    + 4 * CAST(:months_weight AS numeric) * least(y.months, :full_months) * :full_minutes
                      * (y.ratings + :prior_ratings)
                    + CAST(:rating_weight AS numeric) * :full_minutes * :full_months
                      * (y.rating_sum + :prior_sum - y.ratings - :prior_ratings))
                   / (4 * CAST(:full_minutes AS numeric) * :full_months * (y.ratings + :prior_ratings)), 4) AS score
        FROM rated y JOIN known_volunteer v ON v.district = :district AND v.id = y.volunteer_id
        WHERE NOT EXISTS (SELECT FROM closed_volunteer c WHERE c.district = :district AND c.id = y.volunteer_id)
    ), ranked AS (
        SELECT *, count(*) OVER (PARTITION BY "group") AS group_size,
               row_number() OVER (PARTITION BY "group" ORDER BY score DESC, minutes DESC, sessions DESC,
                                                                volunteer_no COLLATE "C") AS rank
        FROM scored
    )
    SELECT * FROM ranked WHERE 100 * (rank - 1) < group_size * :percent  -- rank <= ⌈percent of the group⌉
    ORDER BY "group" = 'other', rank
""")


async def preview(tx: AsyncConnection, district: str, year: int) -> AssessmentPreview:
    """Return who would be nominated for ``year``; the best of each group, ⌈share⌉ of its eligible.

    A volunteer of whom registry has not told yet has no category and is not ranked.
    """
    rules = await _rules_of_year(tx, district, year)
    await tx.execute(ROOM)
    rows = (await tx.execute(_NOMINATIONS, _values(district, year, rules))).mappings().all()
    nominations = [Nomination.model_validate(dict(row)) for row in rows]
    sizes = {Group(row["group"]): row["group_size"] for row in rows}  # where anybody is eligible, somebody is nominated
    nominated = Counter(nomination.group for nomination in nominations)
    groups = [GroupSize(group=group, eligible=size, nominated=nominated[group]) for group, size in sizes.items()]
    start, end = rules.window(year)
    return AssessmentPreview(
        year=year,
        rule_set=rules.name,
        start=start,
        end=end,
        eligible=sum(sizes.values()),
        nominated=len(nominations),
        groups=groups,
        nominations=nominations,
    )


async def _rules_of_year(tx: AsyncConnection, district: str, year: int) -> RuleSet:
    """Return the rules of a year's assessment: those in force when its window closed, today's while it is open."""
    today = await current_rules(tx, district)
    _, end = today.window(year)
    return await rules_at(tx, district, min(now(), datetime.combine(end, time(), ZoneInfo(today.zone))))


def _values(district: str, year: int, rules: RuleSet) -> dict[str, object]:
    start, end = rules.window(year)
    return {
        "district": district,
        "start": start,
        "end": end,
        "eligible_minutes": rules.eligible_hours * MINUTES_PER_HOUR,
        "eligible_months": rules.eligible_months,
        "percent": rules.nominated_percent,
        "hours_weight": rules.hours_weight,
        "full_minutes": rules.full_hours * MINUTES_PER_HOUR,
        "months_weight": rules.months_weight,
        "full_months": rules.full_months,
        "rating_weight": rules.rating_weight,
        "prior_ratings": rules.prior_ratings,
        "prior_sum": rules.prior_ratings * rules.prior_rating,
    }
