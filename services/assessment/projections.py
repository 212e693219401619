"""The ledger and what is known of people and places: events in, rows out; no clock, no network, nothing announced.

Invariant: ``volunteer_hours`` is the sum of ``ledger_entry``, kept by the statement that enters; the ledger's key
(record, version, kind) lets each version of a record in once, however often it is told. A correction changes no
entry: it reverses the former figure and enters the right one.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment import repository
from services.assessment.domain import RuleBook
from shared.contracts import (
    HoursCorrected,
    HoursCredited,
    ServiceCorrected,
    ServiceLogged,
    ServiceRecordsImported,
    StarLevelReached,
    StationOpened,
    TeamFormed,
    VolunteerProfileChanged,
    VolunteerRegistered,
)
from shared.contracts.received import BrokenInvariantError, Received
from shared.store.projection import ProjectedTable, Projection, rows_of

_COLUMNS = """
    district, record_id, version, kind, volunteer_id, minutes, provenance, station_id, service, activity_title,
    started_at, service_on, rating, import_id, event_id, recorded_at, rule_set
"""
# Rows of volunteer_hours are locked in order, so two consumers that credit the same people cannot deadlock. The sums
# are made first: for the order's sake the planner would else sort every entry.
_CREDIT = f"""
    WITH entered AS (
        INSERT INTO ledger_entry ({_COLUMNS})
        SELECT district, record_id, version, 'credit', volunteer_id, minutes, provenance, station_id, service,
               activity_title, started_at, (started_at AT TIME ZONE zone)::date, rating, import_id, event_id,
               recorded_at, rule_set
        FROM {{told}}
        {{repeated}}
        RETURNING district, volunteer_id, minutes, event_id
    ), sums AS MATERIALIZED (
        SELECT district, volunteer_id, sum(minutes) AS minutes, count(*) AS sessions FROM entered GROUP BY 1, 2
    ), summed AS (
        INSERT INTO volunteer_hours AS hours (district, volunteer_id, minutes, sessions)
        SELECT * FROM sums ORDER BY district, volunteer_id
        ON CONFLICT (district, volunteer_id) DO UPDATE
        SET minutes = hours.minutes + excluded.minutes, sessions = hours.sessions + excluded.sessions
    )
    SELECT {{result}} FROM entered
"""
_AS_EVENTS = """
    unnest(CAST(:district AS text[]), CAST(:record_id AS uuid[]), CAST(:version AS int[]),
           CAST(:volunteer_id AS uuid[]), CAST(:minutes AS int[]), CAST(:provenance AS text[]),
           CAST(:station_id AS uuid[]), CAST(:service AS text[]), CAST(:activity_title AS text[]),
           CAST(:started_at AS timestamptz[]), CAST(:zone AS text[]), CAST(:rating AS smallint[]),
           CAST(:import_id AS uuid[]), CAST(:event_id AS uuid[]), CAST(:recorded_at AS timestamptz[]),
           CAST(:rule_set AS text[]))
    AS told(district, record_id, version, volunteer_id, minutes, provenance, station_id, service, activity_title,
            started_at, zone, rating, import_id, event_id, recorded_at, rule_set)
"""
_AS_ROWS = f"""
    (SELECT logged.*, logged.occurred_at AS recorded_at, period.zone, period.rule_set
     FROM {rows_of(ServiceLogged)} logged
     LEFT JOIN unnest(CAST(:district AS text[]), CAST(:since AS timestamptz[]), CAST(:until AS timestamptz[]),
                 CAST(:zone AS text[]), CAST(:rule_set AS text[]))
          AS period(district, since, until, zone, rule_set)
       ON period.district = logged.district AND logged.occurred_at >= period.since
          AND (period.until IS NULL OR logged.occurred_at < period.until)) told
"""
_CREDIT_EVENTS = text(_CREDIT.format(told=_AS_EVENTS, repeated="ON CONFLICT DO NOTHING", result="array_agg(event_id)"))
# A log holds each version of a record once, so nothing is looked for before it is entered.
_CREDIT_ROWS = text(_CREDIT.format(told=_AS_ROWS, repeated="", result="count(*)"))
_TOLD_DISTRICTS = text(f"SELECT DISTINCT district FROM {rows_of(ServiceLogged)}")
# sound: after this version the record's entries add up to what the event says they must.
_CORRECT = text(f"""
    WITH told AS (
        SELECT * FROM unnest(CAST(:district AS text[]), CAST(:record_id AS uuid[]), CAST(:version AS int[]),
                             CAST(:volunteer_id AS uuid[]), CAST(:previous_minutes AS int[]), CAST(:minutes AS int[]),
                             CAST(:event_id AS uuid[]), CAST(:recorded_at AS timestamptz[]), CAST(:rule_set AS text[]))
             AS told(district, record_id, version, volunteer_id, previous_minutes, minutes, event_id, recorded_at,
                     rule_set)
    ), entered AS (
        INSERT INTO ledger_entry ({_COLUMNS})
        SELECT c.district, c.record_id, told.version, entry.kind, c.volunteer_id, entry.minutes, c.provenance,
               c.station_id, c.service, c.activity_title, c.started_at, c.service_on, c.rating, c.import_id,
               told.event_id, told.recorded_at, told.rule_set
        FROM told
        JOIN ledger_entry c ON c.district = told.district AND c.record_id = told.record_id AND c.kind = 'credit'
                           AND c.volunteer_id = told.volunteer_id
        CROSS JOIN LATERAL (VALUES ('reversal', -told.previous_minutes), ('correction', told.minutes))
                   AS entry(kind, minutes)
        WHERE entry.minutes <> 0
        ON CONFLICT DO NOTHING
        RETURNING district, record_id, version, kind, volunteer_id, minutes, event_id
    ), summed AS (
        INSERT INTO volunteer_hours AS hours (district, volunteer_id, minutes, sessions)
        SELECT district, volunteer_id, sum(minutes), sum(CASE kind WHEN 'reversal' THEN -1 ELSE 1 END)
        FROM entered GROUP BY 1, 2 ORDER BY 1, 2
        ON CONFLICT (district, volunteer_id) DO UPDATE
        SET minutes = hours.minutes + excluded.minutes, sessions = hours.sessions + excluded.sessions
    ), balance AS (
        SELECT district, record_id, version,
               sum(sum(minutes)) OVER (PARTITION BY district, record_id ORDER BY version) AS minutes
        FROM (SELECT district, record_id, version, minutes FROM entered
              UNION ALL
              SELECT district, record_id, version, minutes FROM ledger_entry
              WHERE (district, record_id) IN (SELECT district, record_id FROM told)) entry
        GROUP BY district, record_id, version
    )
    SELECT told.event_id, balance.minutes IS NOT DISTINCT FROM told.minutes AS sound,
           told.event_id IN (SELECT event_id FROM entered) AS entered
    FROM told LEFT JOIN balance USING (district, record_id, version)
""")


class Entered(NamedTuple):
    """What a batch has changed in the ledger: the events that are new in it, and the rules they were entered by."""

    events: set[UUID]
    rules: RuleBook


async def enter_in_ledger(
    tx: AsyncConnection, events: Sequence[Received[ServiceLogged] | Received[ServiceCorrected]]
) -> Entered:
    """Credit records and correct them.

    Raises BrokenInvariantError for a correction whose record is not there, is another volunteer's, or stands at another
    figure. A record's correction comes after its credit in the log, so crediting first keeps the order.
    """
    rules = await repository.rule_book(tx, {event.attributes.district for event in events})
    logged = [event for event in events if isinstance(event.data, ServiceLogged)]
    corrected = [event for event in events if isinstance(event.data, ServiceCorrected)]
    entered: set[UUID] = set()
    if logged:
        entered |= await _credit(tx, logged, rules)
    if corrected:
        entered |= await _correct(tx, corrected, rules)
    return Entered(entered, rules)


async def _credit(tx: AsyncConnection, events: Sequence[Received[Any]], rules: RuleBook) -> set[UUID]:
    in_force = [rules.in_force(event.attributes.district, event.attributes.time) for event in events]
    entered = await tx.scalar(
        _CREDIT_EVENTS,
        {
            **_origin(events),
            "minutes": [event.data.minutes for event in events],
            "provenance": [event.data.provenance for event in events],
            "station_id": [event.data.station_id for event in events],
            "service": [event.data.service for event in events],
            "activity_title": [event.data.activity_title for event in events],
            "started_at": [event.data.started_at for event in events],
            "rating": [event.data.rating for event in events],
            "import_id": [event.data.import_id for event in events],
            "zone": [rule_set.zone for rule_set in in_force],
            "rule_set": [rule_set.name for rule_set in in_force],
        },
    )
    return set(entered or ())


async def _correct(tx: AsyncConnection, events: Sequence[Received[Any]], rules: RuleBook) -> set[UUID]:
    rows = await tx.execute(
        _CORRECT,
        {
            **_origin(events),
            "previous_minutes": [event.data.previous_minutes for event in events],
            "minutes": [event.data.minutes for event in events],
            "rule_set": [rules.in_force(event.attributes.district, event.attributes.time).name for event in events],
        },
    )
    told = rows.all()
    if not all(row.sound for row in told):
        raise BrokenInvariantError("a correction of a record that is not in the ledger, or stands at another figure")
    return {row.event_id for row in told if row.entered}


def _origin(events: Sequence[Received[Any]]) -> dict[str, list[Any]]:
    return {
        "district": [event.attributes.district for event in events],
        "record_id": [event.data.record_id for event in events],
        "version": [event.attributes.sequence for event in events],
        "volunteer_id": [event.data.volunteer_id for event in events],
        "event_id": [event.attributes.id for event in events],
        "recorded_at": [event.attributes.time for event in events],
    }


_VOLUNTEERS = text("""
    INSERT INTO known_volunteer AS known (district, id, number, category, organisation_id, version)
    SELECT DISTINCT ON (district, id) district, id, number, category, organisation_id, version
    FROM unnest(CAST(:district AS text[]), CAST(:id AS uuid[]), CAST(:number AS text[]), CAST(:category AS text[]),
                CAST(:organisation_id AS uuid[]), CAST(:version AS int[]))
         AS told(district, id, number, category, organisation_id, version)
    ORDER BY district, id, version DESC
    ON CONFLICT (district, id) DO UPDATE
    SET number = excluded.number, category = excluded.category, organisation_id = excluded.organisation_id,
        version = excluded.version
    WHERE known.version < excluded.version
""")
_MEMBERSHIPS = text("""
    INSERT INTO team_membership (district, volunteer_id, version, team_id, since)
    SELECT * FROM unnest(CAST(:district AS text[]), CAST(:id AS uuid[]), CAST(:version AS int[]),
                         CAST(:team_id AS uuid[]), CAST(:since AS timestamptz[]))
    ON CONFLICT DO NOTHING
""")
_NAMED = """
    INSERT INTO {table} AS known (district, id, code, name, version)
    SELECT DISTINCT ON (district, id) district, id, code, name, version
    FROM unnest(CAST(:district AS text[]), CAST(:id AS uuid[]), CAST(:code AS text[]), CAST(:name AS text[]),
                CAST(:version AS int[])) AS told(district, id, code, name, version)
    ORDER BY district, id, version DESC
    ON CONFLICT (district, id) DO UPDATE SET code = excluded.code, name = excluded.name, version = excluded.version
    WHERE known.version < excluded.version
"""
_STATIONS = text(_NAMED.format(table="known_station"))
_TEAMS = text(_NAMED.format(table="known_team"))


async def note_volunteers(
    tx: AsyncConnection, events: Sequence[Received[VolunteerRegistered] | Received[VolunteerProfileChanged]]
) -> None:
    """Keep the volunteers' numbers and categories, where the last version wins, and every team they have been of.

    A session's team is found when it is asked for, by the times of both events: volunteers and records come by
    different topics, so which arrives first says nothing.
    """
    told = {
        "district": [event.attributes.district for event in events],
        "id": [event.data.volunteer_id for event in events],
        "version": [event.attributes.sequence for event in events],
    }
    await tx.execute(
        _VOLUNTEERS,
        {
            **told,
            "number": [event.data.volunteer_no for event in events],
            "category": [event.data.category for event in events],
            "organisation_id": [event.data.organisation_id for event in events],
        },
    )
    await tx.execute(
        _MEMBERSHIPS,
        {
            **told,
            "team_id": [event.data.team_id for event in events],
            "since": [event.attributes.time for event in events],
        },
    )


async def note_stations(tx: AsyncConnection, events: Sequence[Received[StationOpened]]) -> None:
    """Keep the stations' codes and names."""
    await tx.execute(_STATIONS, {"id": [event.data.station_id for event in events], **_named(events)})


async def note_teams(tx: AsyncConnection, events: Sequence[Received[TeamFormed]]) -> None:
    """Keep the teams' codes and names."""
    await tx.execute(_TEAMS, {"id": [event.data.team_id for event in events], **_named(events)})


def _named(events: Sequence[Received[StationOpened]] | Sequence[Received[TeamFormed]]) -> dict[str, list[Any]]:
    return {
        "district": [event.attributes.district for event in events],
        "code": [event.data.code for event in events],
        "name": [event.data.name for event in events],
        "version": [event.attributes.sequence for event in events],
    }


# What the service decided and announced, as its own log has it: the account's last version, its highest star.
_AWARDS = text("""
    INSERT INTO award (district, volunteer_id, stars, version)
    SELECT district, volunteer_id, max(stars), max(version)
    FROM unnest(CAST(:district AS text[]), CAST(:volunteer_id AS uuid[]), CAST(:stars AS int[]),
                CAST(:version AS int[])) AS told(district, volunteer_id, stars, version)
    GROUP BY 1, 2
    ON CONFLICT (district, volunteer_id) DO UPDATE
    SET stars = greatest(award.stars, excluded.stars), version = greatest(award.version, excluded.version)
""")


# What a record counts is 1; how many the whole import has is said once, by the event that completes it.
_PROGRESS = text("""
    INSERT INTO import_progress AS p (district, import_id, credited_records, credited_minutes, expected_records,
                                      expected_minutes)
    SELECT district, import_id, coalesce(sum(records) FILTER (WHERE NOT complete), 0),
           coalesce(sum(minutes) FILTER (WHERE NOT complete), 0), max(records) FILTER (WHERE complete),
           max(minutes) FILTER (WHERE complete)
    FROM unnest(CAST(:district AS text[]), CAST(:import_id AS uuid[]), CAST(:records AS int[]),
                CAST(:minutes AS bigint[]), CAST(:complete AS boolean[]))
         AS told(district, import_id, records, minutes, complete)
    GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (district, import_id) DO UPDATE
    SET credited_records = p.credited_records + excluded.credited_records,
        credited_minutes = p.credited_minutes + excluded.credited_minutes,
        expected_records = coalesce(excluded.expected_records, p.expected_records),
        expected_minutes = coalesce(excluded.expected_minutes, p.expected_minutes)
""")


async def _ledger_in_bulk(tx: AsyncConnection) -> None:
    districts = (await tx.scalars(_TOLD_DISTRICTS)).all()
    book = await repository.rule_book(tx, districts)
    periods = [(district, *period) for district in districts for period in book.periods(district)]
    await tx.execute(
        _CREDIT_ROWS,
        {
            "district": [district for district, _, _, _ in periods],
            "since": [since for _, since, _, _ in periods],
            "until": [until for _, _, until, _ in periods],
            "zone": [rules.zone for _, _, _, rules in periods],
            "rule_set": [rules.name for _, _, _, rules in periods],
        },
    )


async def count_imported(
    tx: AsyncConnection, events: Sequence[Received[ServiceLogged] | Received[ServiceRecordsImported]]
) -> set[tuple[str, UUID]]:
    """Count an import's records as they come, and how many are to come; return the imports, (district, id) each."""
    of_imports = [event for event in events if event.data.import_id is not None]
    if of_imports:
        await tx.execute(
            _PROGRESS,
            {
                "district": [event.attributes.district for event in of_imports],
                "import_id": [event.data.import_id for event in of_imports],
                "records": [getattr(event.data, "records", 1) for event in of_imports],
                "minutes": [event.data.minutes for event in of_imports],
                "complete": [isinstance(event.data, ServiceRecordsImported) for event in of_imports],
            },
        )
    return {(event.attributes.district, event.data.import_id) for event in of_imports if event.data.import_id}


async def enter_awards(
    tx: AsyncConnection,
    events: Sequence[Received[HoursCredited] | Received[HoursCorrected] | Received[StarLevelReached]],
) -> None:
    """Enter what the service itself has announced of its volunteers."""
    await tx.execute(
        _AWARDS,
        {
            "district": [event.attributes.district for event in events],
            "volunteer_id": [event.data.volunteer_id for event in events],
            "stars": [event.data.level if isinstance(event.data, StarLevelReached) else 0 for event in events],
            "version": [event.attributes.sequence for event in events],
        },
    )


LEDGER = Projection(
    "ledger",
    (ProjectedTable("ledger_entry"), ProjectedTable("volunteer_hours")),
    enter_in_ledger,
    in_bulk={ServiceLogged: _ledger_in_bulk},
    reads=("rule_set",),
)
VOLUNTEERS = Projection(
    "volunteers", (ProjectedTable("known_volunteer"), ProjectedTable("team_membership")), note_volunteers
)
STATIONS = Projection("stations", (ProjectedTable("known_station"),), note_stations)
TEAMS = Projection("teams", (ProjectedTable("known_team"),), note_teams)
IMPORTS = Projection(
    "imports",
    (
        ProjectedTable(
            "import_progress", ("expected_records", "expected_minutes", "credited_records", "credited_minutes")
        ),
    ),
    count_imported,
    compare_only="whether an import is closed was decided, and announced, once",
)
AWARDS = Projection(
    "awards",
    (ProjectedTable("award"),),
    enter_awards,
    compare_only="a star was decided, and announced, once; this only holds the award against its announcements",
)
