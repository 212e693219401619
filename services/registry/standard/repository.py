"""Standings on file, and what a review reads. Everything here is a set: of any number of stations of a district.

Invariant: whoever reviews stations, judges one or asks for a review holds their standings' rows (``lock_standings``),
in the order of their ids; so a review sees all that was entered by whoever had asked for it before.
"""

import json
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.standard.domain.computed import REGULARITY_MONTHS, first_of_window
from services.registry.standard.domain.standing import Found
from services.registry.standard.domain.template import FIRST, TEMPLATES, By, Template
from services.registry.standard.tables import criterion_standing
from shared.store.event_log import new_id
from shared.store.statements import insert_rows

_STANDARD = text("SELECT template FROM district_standard WHERE district = :district")
_ADOPT = text("""
    INSERT INTO district_standard (district, template, adopted_by, adopted_at)
    VALUES (:district, :template, :by, :at)
    ON CONFLICT (district) DO UPDATE SET template = excluded.template, adopted_by = excluded.adopted_by,
                                         adopted_at = excluded.adopted_at
""")
_OPEN_STATIONS = text("SELECT id FROM station WHERE district = :district AND closed_on IS NULL")
_STATION = text("SELECT id, name, closed_on FROM station WHERE district = :district AND id = :id")
_DUE = text("""
    SELECT s.district, s.id FROM station s
    LEFT JOIN station_standing t ON t.district = s.district AND t.station_id = s.id
    WHERE s.closed_on IS NULL AND (t.review_on IS NULL OR t.review_on <= :today)
    ORDER BY s.district, s.id
""")


async def template_of(tx: AsyncConnection, district: str) -> Template:
    """Return the template that a district goes by."""
    return TEMPLATES[await tx.scalar(_STANDARD, {"district": district}) or FIRST]


async def adopt(tx: AsyncConnection, district: str, template: str, by: str, at: datetime) -> None:
    """Note which template a district goes by from now on."""
    await tx.execute(_ADOPT, {"district": district, "template": template, "by": by, "at": at})


async def open_stations(tx: AsyncConnection, district: str) -> Sequence[UUID]:
    """Return the stations of a district that are not closed."""
    return (await tx.scalars(_OPEN_STATIONS, {"district": district})).all()


async def find_station(tx: AsyncConnection, district: str, station_id: UUID) -> Row[Any] | None:
    """Return a station's id, name and the day on which it was closed, or None."""
    return (await tx.execute(_STATION, {"district": district, "id": station_id})).one_or_none()


async def due_for_review(tx: AsyncConnection, today: date) -> dict[str, list[UUID]]:
    """Return the stations of every district that time may have changed, or that were never reviewed, by district."""
    found: dict[str, list[UUID]] = {}
    for row in await tx.execute(_DUE, {"today": today}):
        found.setdefault(row.district, []).append(row.id)
    return found


# The update changes nothing: it holds the rows that are there.
_LOCK = text("""
    INSERT INTO station_standing AS kept (district, station_id, id, status, version)
    SELECT s.district, s.id, r.new_id, 'planned', 0
    FROM unnest(CAST(:district AS text[]), CAST(:station_id AS uuid[]), CAST(:new_id AS uuid[]))
         AS r(district, station_id, new_id)
    JOIN station s ON s.district = r.district AND s.id = r.station_id
    WHERE s.closed_on IS NULL
    ORDER BY s.district, s.id
    ON CONFLICT (district, station_id) DO UPDATE SET status = kept.status
    RETURNING district, station_id, id, status, since, template, version
""")
_STATIONS = text("""
    SELECT id, name, opened_on FROM station WHERE district = :district AND id = ANY(CAST(:stations AS uuid[]))
""")
_JUDGEMENTS = text("""
    SELECT DISTINCT ON (station_id, criterion) station_id, criterion, holds, expires_on FROM judgement
    WHERE district = :district AND template = :template AND station_id = ANY(CAST(:stations AS uuid[]))
    ORDER BY station_id, criterion, made_at DESC, id DESC
""")
_CRITERIA = text("""
    SELECT station_id, criterion, holds FROM criterion_standing
    WHERE district = :district AND template = :template AND station_id = ANY(CAST(:stations AS uuid[]))
""")
_STANDS = "v.station_id = s.id AND v.minutes > 0 AND v.served_on <= :today"
_MONTHS = "count(DISTINCT date_trunc('month', v.served_on::timestamp))"
_DAYS_SERVED = f"""
           ARRAY(SELECT DISTINCT v.served_on FROM station_service v
                 WHERE v.district = :district AND {_STANDS} AND v.served_on >= :days_since ORDER BY 1) AS days
"""
_DAYS = text(f"SELECT s.id, {_DAYS_SERVED} FROM unnest(CAST(:stations AS uuid[])) AS s(id)")
_SERVICE = text(f"""
    SELECT s.id, {_DAYS_SERVED},
           (SELECT count(*) FROM (
                SELECT FROM station_service v
                LEFT JOIN (SELECT id AS merged_id, merged_into_id FROM volunteer
                           WHERE district = :district AND merged_into_id IS NOT NULL) m ON m.merged_id = v.volunteer_id
                WHERE v.district = :district AND {_STANDS} AND v.served_on >= :team_since
                GROUP BY coalesce(m.merged_into_id, v.volunteer_id) HAVING {_MONTHS} >= :team_months) people) AS steady,
           (SELECT json_object_agg(k.service, k.months) FROM (
                SELECT v.service, {_MONTHS} AS months FROM station_service v
                WHERE v.district = :district AND {_STANDS} AND v.served_on >= :kinds_since
                GROUP BY v.service) k) AS kinds
    FROM unnest(CAST(:stations AS uuid[])) AS s(id)
""")


async def days_at(
    tx: AsyncConnection, district: str, stations: Sequence[UUID], today: date
) -> dict[UUID, Sequence[date]]:
    """Return the days of the last year on which somebody served at each station."""
    since = first_of_window(today, REGULARITY_MONTHS)
    values = {"district": district, "stations": list(stations), "today": today, "days_since": since}
    return {row.id: row.days for row in await tx.execute(_DAYS, values)}


async def lock_standings(tx: AsyncConnection, stations: Collection[tuple[str, UUID]]) -> Sequence[Row[Any]]:
    """Hold the standings of stations, (district, id) each, to the commit, and return them.

    One that there was none of is made; a station that is closed, or is not on the register, has none.
    """
    values = {
        "district": [district for district, _ in stations],
        "station_id": [station_id for _, station_id in stations],
        "new_id": [new_id() for _ in stations],
    }
    return (await tx.execute(_LOCK, values)).all()


async def stations_named(tx: AsyncConnection, district: str, stations: Sequence[UUID]) -> dict[UUID, Row[Any]]:
    """Return the name of each station, and the day on which it opens."""
    rows = await tx.execute(_STATIONS, {"district": district, "stations": list(stations)})
    return {row.id: row for row in rows}


async def last_judgements(
    tx: AsyncConnection, district: str, template: str, stations: Sequence[UUID]
) -> dict[tuple[UUID, str], Row[Any]]:
    """Return what was said last of each criterion that is judged, by station and criterion."""
    key = {"district": district, "template": template, "stations": list(stations)}
    return {(row.station_id, row.criterion): row for row in await tx.execute(_JUDGEMENTS, key)}


async def standing_criteria(
    tx: AsyncConnection, district: str, template: str, stations: Sequence[UUID]
) -> dict[tuple[UUID, str], bool]:
    """Return whether each criterion held when it was reviewed last, by station and criterion."""
    key = {"district": district, "template": template, "stations": list(stations)}
    return {(row.station_id, row.criterion): row.holds for row in await tx.execute(_CRITERIA, key)}


async def service_at(
    tx: AsyncConnection, district: str, template: Template, stations: Sequence[UUID], today: date
) -> dict[UUID, Row[Any]]:
    """Return the service at each station, as the template's criteria look at it: days, steady people, kinds."""
    team = next((one for one in template.criteria if one.by is By.STABLE_TEAM), None)
    kinds = next((one for one in template.criteria if one.by is By.FIXED_PROJECTS), None)
    values = {
        "district": district,
        "stations": list(stations),
        "today": today,
        "days_since": first_of_window(today, REGULARITY_MONTHS + 1),
        "team_since": first_of_window(today, team.window if team else 1),
        "team_months": team.months if team else 1,
        "kinds_since": first_of_window(today, kinds.window if kinds else 1),
    }
    return {row.id: row for row in await tx.execute(_SERVICE, values)}


_PUT_CRITERIA = insert_rows(
    criterion_standing,
    ["station_id", "criterion", "holds", "cause", "facts", "expires_on"],
    same=["district", "template", "since"],
    conflict="""(district, station_id, template, criterion) DO UPDATE
        SET holds = excluded.holds, cause = excluded.cause, facts = excluded.facts, expires_on = excluded.expires_on,
            since = CASE WHEN criterion_standing.holds = excluded.holds THEN criterion_standing.since
                    ELSE excluded.since END""",
)
_PUT_STANDINGS = text("""
    UPDATE station_standing t
    SET status = r.status, template = :template, reviewed_on = :today, review_on = r.review_on, version = r.version,
        since = CASE WHEN t.status = r.status AND t.since IS NOT NULL THEN t.since ELSE :today END
    FROM unnest(CAST(:station_id AS uuid[]), CAST(:status AS text[]), CAST(:review_on AS date[]),
                CAST(:version AS int[])) AS r(station_id, status, review_on, version)
    WHERE t.district = :district AND t.station_id = r.station_id
""")
_RECIPIENTS = text("""
    SELECT DISTINCT s.id, a.volunteer_id
    FROM unnest(CAST(:stations AS uuid[])) AS s(id)
    JOIN account a ON a.district = :district AND ('district_admin' = ANY(a.roles)
         OR 'station_manager' = ANY(a.roles) AND s.id = ANY(a.units))
    WHERE a.locked_at IS NULL AND a.volunteer_id IS NOT NULL ORDER BY 1, 2
""")
_CENTRE = text("""
    SELECT volunteer_id FROM account
    WHERE district = :district AND 'district_admin' = ANY(roles) AND locked_at IS NULL AND volunteer_id IS NOT NULL
    ORDER BY 1
""")


async def put_criteria(
    tx: AsyncConnection, district: str, template: str, today: date, found: Sequence[tuple[UUID, Found]]
) -> None:
    """Note how criteria stand today; ``since`` moves where one stands differently."""
    await tx.execute(
        _PUT_CRITERIA,
        {
            "district": district,
            "template": template,
            "since": today,
            "station_id": [station_id for station_id, _ in found],
            "criterion": [one.criterion for _, one in found],
            "holds": [one.holds for _, one in found],
            "cause": [one.cause for _, one in found],
            "facts": [json.dumps(one.facts) for _, one in found],
            "expires_on": [one.expires_on for _, one in found],
        },
    )


async def put_standings(
    tx: AsyncConnection, district: str, template: str, today: date, rows: Sequence[tuple[UUID, str, date, int]]
) -> None:
    """Note how stations stand: station, status, when to review it again, version."""
    await tx.execute(
        _PUT_STANDINGS,
        {
            "district": district,
            "template": template,
            "today": today,
            "station_id": [station_id for station_id, _, _, _ in rows],
            "status": [status for _, status, _, _ in rows],
            "review_on": [review_on for _, _, review_on, _ in rows],
            "version": [version for _, _, _, version in rows],
        },
    )


async def recipients_of(tx: AsyncConnection, district: str, stations: Collection[UUID]) -> dict[UUID, tuple[UUID, ...]]:
    """Return who is told of each station: its managers and the district's centre, those who are volunteers too."""
    found: dict[UUID, tuple[UUID, ...]] = dict.fromkeys(stations, ())
    for row in await tx.execute(_RECIPIENTS, {"district": district, "stations": list(stations)}):
        found[row.id] += (row.volunteer_id,)
    return found


async def centre_of(tx: AsyncConnection, district: str) -> tuple[UUID, ...]:
    """Return the district's centre: those of its accounts who are volunteers too."""
    return tuple((await tx.scalars(_CENTRE, {"district": district})).all())


_NOTE_VERSION = text("""
    UPDATE station_standing SET version = version + 1 WHERE district = :district AND station_id = :station_id
""")


async def note_version(tx: AsyncConnection, district: str, station_id: UUID) -> None:
    """Note that a standing has an event more."""
    await tx.execute(_NOTE_VERSION, {"district": district, "station_id": station_id})
