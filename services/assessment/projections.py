"""The ledger and what is known of people and places: events in, rows out; no clock, no network, nothing announced.

Invariant: ``volunteer_hours`` is the sum of ``ledger_entry``, kept in the same statement; the ledger's key (record,
version, kind) lets each event in once. A correction never changes an entry: it reverses the former figure and credits
the new one.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.domain import ZONE
from shared.contracts import (
    ServiceCorrected,
    ServiceLogged,
    StationOpened,
    TeamFormed,
    VolunteerProfileChanged,
    VolunteerRegistered,
)
from shared.contracts.received import BrokenInvariantError, Received

_CREDIT = text("""
    WITH credited AS (
        INSERT INTO ledger_entry (district, record_id, version, kind, volunteer_id, minutes, provenance, station_id,
                                  service, activity_title, started_at, service_on, rating, import_id, event_id,
                                  recorded_at)
        SELECT district, record_id, version, 'credit', volunteer_id, minutes, provenance, station_id, service,
               activity_title, started_at, (started_at AT TIME ZONE :zone)::date, rating, import_id, event_id,
               recorded_at
        FROM unnest(CAST(:district AS text[]), CAST(:record_id AS uuid[]), CAST(:version AS int[]),
                    CAST(:volunteer_id AS uuid[]), CAST(:minutes AS int[]), CAST(:provenance AS text[]),
                    CAST(:station_id AS uuid[]), CAST(:service AS text[]), CAST(:activity_title AS text[]),
                    CAST(:started_at AS timestamptz[]), CAST(:rating AS smallint[]), CAST(:import_id AS uuid[]),
                    CAST(:event_id AS uuid[]), CAST(:recorded_at AS timestamptz[]))
             AS e(district, record_id, version, volunteer_id, minutes, provenance, station_id, service,
                  activity_title, started_at, rating, import_id, event_id, recorded_at)
        ON CONFLICT DO NOTHING
        RETURNING district, volunteer_id, minutes
    )
    INSERT INTO volunteer_hours AS h (district, volunteer_id, minutes, sessions)
    SELECT district, volunteer_id, sum(minutes), count(*) FROM credited GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (district, volunteer_id) DO UPDATE
    SET minutes = h.minutes + excluded.minutes, sessions = h.sessions + excluded.sessions
""")
_CORRECT = text("""
    WITH entered AS (
        INSERT INTO ledger_entry (district, record_id, version, kind, volunteer_id, minutes, provenance, station_id,
                                  service, activity_title, started_at, service_on, rating, import_id, event_id,
                                  recorded_at)
        SELECT e.district, e.record_id, c.version, k.kind, e.volunteer_id, k.minutes, e.provenance, e.station_id,
               e.service, e.activity_title, e.started_at, e.service_on, e.rating, e.import_id, c.event_id, c.recorded_at
        FROM unnest(CAST(:district AS text[]), CAST(:record_id AS uuid[]), CAST(:version AS int[]),
                    CAST(:previous_minutes AS int[]), CAST(:minutes AS int[]), CAST(:event_id AS uuid[]),
                    CAST(:recorded_at AS timestamptz[]))
             AS c(district, record_id, version, previous_minutes, minutes, event_id, recorded_at)
        JOIN ledger_entry e ON e.district = c.district AND e.record_id = c.record_id AND e.kind = 'credit'
        CROSS JOIN LATERAL (VALUES ('reversal', -c.previous_minutes), ('correction', c.minutes)) AS k(kind, minutes)
        WHERE k.minutes <> 0
        ON CONFLICT DO NOTHING
        RETURNING district, volunteer_id, record_id, version, kind, minutes
    ), summed AS (
        INSERT INTO volunteer_hours AS h (district, volunteer_id, minutes, sessions)
        SELECT district, volunteer_id, sum(minutes), sum(CASE kind WHEN 'reversal' THEN -1 ELSE 1 END)
        FROM entered GROUP BY 1, 2 ORDER BY 1, 2
        ON CONFLICT (district, volunteer_id) DO UPDATE
        SET minutes = h.minutes + excluded.minutes, sessions = h.sessions + excluded.sessions
    )
    SELECT count(DISTINCT (record_id, version)) FROM entered
""")


async def enter_in_ledger(
    tx: AsyncConnection, events: Sequence[Received[ServiceLogged] | Received[ServiceCorrected]]
) -> None:
    """Credit records and correct them; a record's correction comes after its credit, in the log and here."""
    logged = [event for event in events if isinstance(event.data, ServiceLogged)]
    corrected = [event for event in events if isinstance(event.data, ServiceCorrected)]
    if logged:
        await _credit(tx, logged)
    if corrected:
        await _correct(tx, corrected)


async def _credit(tx: AsyncConnection, events: Sequence[Received[Any]]) -> None:
    await tx.execute(
        _CREDIT,
        {
            "zone": ZONE,
            **_origin(events),
            "volunteer_id": [event.data.volunteer_id for event in events],
            "minutes": [event.data.minutes for event in events],
            "provenance": [event.data.provenance for event in events],
            "station_id": [event.data.station_id for event in events],
            "service": [event.data.service for event in events],
            "activity_title": [event.data.activity_title for event in events],
            "started_at": [event.data.started_at for event in events],
            "rating": [event.data.rating for event in events],
            "import_id": [event.data.import_id for event in events],
        },
    )


async def _correct(tx: AsyncConnection, events: Sequence[Received[Any]]) -> None:
    entered = await tx.scalar(
        _CORRECT,
        {
            **_origin(events),
            "previous_minutes": [event.data.previous_minutes for event in events],
            "minutes": [event.data.minutes for event in events],
        },
    )
    if entered != len(events):
        raise BrokenInvariantError("a correction of a record that is not in the ledger")


def _origin(events: Sequence[Received[Any]]) -> dict[str, list[Any]]:
    return {
        "district": [event.attributes.district for event in events],
        "record_id": [event.data.record_id for event in events],
        "version": [event.attributes.sequence for event in events],
        "event_id": [event.attributes.id for event in events],
        "recorded_at": [event.attributes.time for event in events],
    }


_VOLUNTEERS = text("""
    INSERT INTO known_volunteer AS known (district, id, number, category, organisation_id, team_id, version)
    SELECT DISTINCT ON (district, id) district, id, number, category, organisation_id, team_id, version
    FROM unnest(CAST(:district AS text[]), CAST(:id AS uuid[]), CAST(:number AS text[]), CAST(:category AS text[]),
                CAST(:organisation_id AS uuid[]), CAST(:team_id AS uuid[]), CAST(:version AS int[]))
         AS told(district, id, number, category, organisation_id, team_id, version)
    ORDER BY district, id, version DESC
    ON CONFLICT (district, id) DO UPDATE
    SET number = excluded.number, category = excluded.category, organisation_id = excluded.organisation_id,
        team_id = excluded.team_id, version = excluded.version
    WHERE known.version < excluded.version
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
    """Keep the volunteers' numbers, categories and teams; the last version wins."""
    await tx.execute(
        _VOLUNTEERS,
        {
            "district": [event.attributes.district for event in events],
            "id": [event.data.volunteer_id for event in events],
            "number": [event.data.volunteer_no for event in events],
            "category": [event.data.category for event in events],
            "organisation_id": [event.data.organisation_id for event in events],
            "team_id": [event.data.team_id for event in events],
            "version": [event.attributes.sequence for event in events],
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
