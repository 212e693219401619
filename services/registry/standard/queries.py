"""What is shown of stations by the standard: a page of all, and one with its criteria and evidence.

Invariant: what is shown is what the last review found, with the day of it; a station that was never reviewed says so.
Regularity is of today.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Row, RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.access_log.repository import account_of
from services.registry.standard import repository
from services.registry.standard.domain.computed import REGULARITY_MONTHS, months_before, regularity
from services.registry.standard.domain.standing import Cause, latest_expiry
from services.registry.standard.domain.template import TEMPLATES, By, Criterion, Template
from shared.contracts.actor import Actor, Reach
from shared.contracts.calendar import district_day
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.event_log import now


class RegularityView(BaseModel):
    """How regular service was in the twelve months up to today, in days of service and months with any."""

    days: int
    on_festivals: int
    months: int
    outside_festivals: int | None
    """Per cent of the days; null where there are none."""


class StandingSummary(BaseModel):
    """How a station stands. ``met`` and ``of`` count criteria; ``lacking`` are the codes of those not met."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "station_id": "019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a77",
                    "code": "510115-STA-01",
                    "name": "新华社区志愿服务站",
                    "level": "station",
                    "division_code": "510115001040",
                    "community": "新华社区",
                    "longitude": 103.7498,
                    "latitude": 30.7668,
                    "status": "building",
                    "since": "2026-03-01",
                    "met": 4,
                    "of": 6,
                    "lacking": ["staff", "rules"],
                    "waiting": 1,
                    "expires_on": "2026-12-20",
                    "reviewed_on": "2026-11-27",
                    "regularity": {"days": 52, "on_festivals": 4, "months": 12, "outside_festivals": 92},
                }
            ]
        }
    )

    station_id: UUID
    code: str
    name: str
    level: str
    division_code: str
    community: str | None
    """The name of its community; null where it is bound to none."""
    longitude: float | None
    latitude: float | None
    status: str
    since: date | None
    met: int
    of: int
    lacking: list[str]
    waiting: int
    """How many files were added since their criterion was judged."""
    expires_on: date | None
    """The first day on which a judgement ends."""
    reviewed_on: date | None
    regularity: RegularityView


class EvidenceView(BaseModel):
    """A file that shows that a criterion holds; its size in bytes."""

    id: UUID
    title: str
    media_type: str
    size: int
    added_at: datetime


class CriterionView(BaseModel):
    """A criterion, how it stands and why; ``facts`` are the figures of a computed one."""

    code: str
    name: str
    name_en: str
    text: str
    text_en: str
    by: str
    people: int
    kinds: int
    months: int
    window: int
    holds: bool
    cause: str
    facts: dict[str, Any]
    since: date | None
    expires_on: date | None
    latest_expiry: date | None
    """The last day that a judgement of today may hold to."""
    assessor: str | None
    """The user name of whoever has judged it."""
    assessed_at: datetime | None
    note: str | None
    evidence: list[EvidenceView]


class MonthOfService(BaseModel):
    """On how many days of a month, ``2026-03``, somebody served at the station."""

    month: str
    days: int


class TemplateView(BaseModel):
    """A list of criteria; ``in_force`` where the district goes by it."""

    code: str
    name: str
    name_en: str
    source: str
    in_force: bool
    criteria: list[Criterion]


class StandingView(StandingSummary):
    """A station with its criteria, and its service by month, the oldest first."""

    template: str
    template_name: str
    template_name_en: str
    criteria: list[CriterionView]
    by_month: list[MonthOfService]


_SUMMARY = """
    SELECT s.id AS station_id, s.code, s.name, s.level, s.division_code, s.longitude, s.latitude,
           CASE WHEN t.reviewed_on IS NULL AND s.opened_on <= :today THEN 'building'
                ELSE coalesce(t.status, 'planned') END AS status,
           t.since, t.reviewed_on,
           (SELECT d.name FROM division d WHERE d.district = s.district AND d.code = s.division_code
              AND d.level = 'community') AS community,
           ARRAY(SELECT c.criterion FROM criterion_standing c WHERE c.district = s.district AND c.station_id = s.id
                   AND c.template = :template AND c.holds) AS met,
           (SELECT min(c.expires_on) FROM criterion_standing c WHERE c.district = s.district AND c.station_id = s.id
              AND c.template = :template AND c.holds) AS expires_on,
           (SELECT count(*) FROM evidence e WHERE e.district = s.district AND e.station_id = s.id
              AND e.template = :template AND e.removed_at IS NULL AND NOT EXISTS (
                  SELECT FROM judgement j WHERE j.district = e.district AND j.station_id = e.station_id
                    AND j.criterion = e.criterion AND j.template = :template AND j.made_at > e.added_at)) AS waiting
    FROM station s LEFT JOIN station_standing t ON t.district = s.district AND t.station_id = s.id
    WHERE s.district = :district AND s.closed_on IS NULL
"""
_PAGE = text(f"""{_SUMMARY}
      AND s.code > :after AND (CAST(:units AS uuid[]) IS NULL OR s.id = ANY(CAST(:units AS uuid[])))
    ORDER BY s.code LIMIT :limit
""")
_ONE = text(f"{_SUMMARY} AND s.id = :station_id")
_CRITERIA = text("""
    SELECT criterion, holds, cause, facts, since, expires_on FROM criterion_standing
    WHERE district = :district AND station_id = :station_id AND template = :template
""")
_JUDGED = text(f"""
    SELECT DISTINCT ON (j.criterion) j.criterion, j.note, j.made_at, a.user_name
    FROM judgement j
    {account_of("a", "j.made_by")}
    WHERE j.district = :district AND j.station_id = :station_id AND j.template = :template
    ORDER BY j.criterion, j.made_at DESC, j.id DESC
""")
_EVIDENCE = text("""
    SELECT criterion, id, title, media_type, size, added_at FROM evidence
    WHERE district = :district AND station_id = :station_id AND template = :template AND removed_at IS NULL
    ORDER BY criterion, added_at DESC, id
""")


async def standings(tx: AsyncConnection, actor: Actor, after: str, limit: int) -> list[StandingSummary]:
    """Return how the open stations in reach stand, by code, from after a code on."""
    template, today = await repository.template_of(tx, actor.district), district_day(now())
    units = None if actor.reach is Reach.DISTRICT else list(actor.scope.units)
    key = {"district": actor.district, "template": template.code, "today": today, "units": units}
    rows = (await tx.execute(_PAGE, {**key, "after": after, "limit": limit})).mappings().all()
    days = await repository.days_at(tx, actor.district, [row["station_id"] for row in rows], today)
    return [StandingSummary(**_summary(row, template, days[row["station_id"]], today)) for row in rows]


async def find_standing(tx: AsyncConnection, actor: Actor, station_id: UUID) -> StandingView:
    """Return how a station stands, criterion by criterion. Raises RefusedError (not_found)."""
    template, today = await repository.template_of(tx, actor.district), district_day(now())
    key = {"district": actor.district, "template": template.code, "station_id": station_id}
    row = (await tx.execute(_ONE, {**key, "today": today})).mappings().one_or_none()
    if row is None or (actor.reach is not Reach.DISTRICT and station_id not in actor.scope.units):
        raise RefusedError(Fault("station_id", Code.NOT_FOUND))
    days = (await repository.days_at(tx, actor.district, [station_id], today))[station_id]
    by_month = Counter(f"{day:%Y-%m}" for day in days)
    return StandingView(
        **_summary(row, template, days, today),
        template=template.code,
        template_name=template.name,
        template_name_en=template.name_en,
        criteria=await _criteria(tx, key, template, today),
        by_month=[
            MonthOfService(month=name, days=by_month[name])
            for name in (f"{month:%Y-%m}" for month in [*months_before(today, REGULARITY_MONTHS - 1), today])
        ],
    )


def _summary(row: RowMapping, template: Template, days: Sequence[date], today: date) -> dict[str, Any]:
    shown = dict(row)
    met = set(shown.pop("met"))
    found = regularity(days, today)
    return {
        **shown,
        "met": len(met),
        "of": len(template.criteria),
        "lacking": [one.code for one in template.criteria if one.code not in met],
        "regularity": RegularityView(
            days=found.days,
            on_festivals=found.on_festivals,
            months=found.months,
            outside_festivals=found.outside_festivals,
        ),
    }


async def _criteria(
    tx: AsyncConnection, key: Mapping[str, object], template: Template, today: date
) -> list[CriterionView]:
    stands = {row.criterion: row for row in await tx.execute(_CRITERIA, key)}
    said = {row.criterion: row for row in await tx.execute(_JUDGED, key)}
    shown: dict[str, list[EvidenceView]] = {one.code: [] for one in template.criteria}
    for row in (await tx.execute(_EVIDENCE, key)).mappings():
        shown[row["criterion"]].append(EvidenceView(**{name: row[name] for name in EvidenceView.model_fields}))
    return [
        _criterion(one, stands.get(one.code), said.get(one.code), shown[one.code], today) for one in template.criteria
    ]


def _criterion(
    one: Criterion, stands: Row[Any] | None, said: Row[Any] | None, evidence: list[EvidenceView], today: date
) -> CriterionView:
    is_judged = one.by is By.JUDGEMENT
    return CriterionView(
        **one.model_dump(exclude={"valid_months"}),
        holds=stands.holds if stands else False,
        cause=stands.cause if stands else Cause.NOT_JUDGED if is_judged else Cause.COMPUTED,
        facts=stands.facts if stands else {},
        since=stands.since if stands else None,
        expires_on=stands.expires_on if stands else None,
        latest_expiry=latest_expiry(one, today) if is_judged else None,
        assessor=said.user_name if said else None,
        assessed_at=said.made_at if said else None,
        note=said.note if said else None,
        evidence=evidence,
    )


async def templates(tx: AsyncConnection, district: str) -> list[TemplateView]:
    """Return the lists of criteria that ship, and which one the district goes by."""
    in_force = await repository.template_of(tx, district)
    return [
        TemplateView(
            code=one.code,
            name=one.name,
            name_en=one.name_en,
            source=one.source,
            in_force=one is in_force,
            criteria=list(one.criteria),
        )
        for one in TEMPLATES.values()
    ]
