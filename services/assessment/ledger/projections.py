"""The ledger: service records in, entries and their sums out; no clock, no network, nothing announced.

Invariant: ``volunteer_hours`` is the sum of ``ledger_entry``, kept by the statement that enters; the ledger's key
(record, version, kind) lets each version of a record in once, however often it is told. A correction changes no
entry: it reverses the former figure and enters the right one. The consumer, a replay and the filling of a new
subscription enter by `LEDGER` alone, all with the same statement.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.ledger.tables import carried_hours, ledger_entry, organiser_rating
from services.assessment.rules.domain import RuleBook
from services.assessment.rules.repository import rule_book
from shared.contracts import HoursCarried, ServiceCorrected, ServiceLogged
from shared.contracts.received import BrokenInvariantError, Received
from shared.store.entries import known_entries, same_names
from shared.store.projection import Groups, ProjectedTable, Projection, rows_of
from shared.store.statements import keep_latest, unnest

_COLUMNS = ledger_entry.c.keys()
_CARRIED = keep_latest(carried_hours, ("minutes", "sessions", "stars", "event_id", "recorded_at"))
_NAMED = ", ".join(_COLUMNS)


def _entry(source: str, **made: str) -> str:
    """Return what an entry's columns are selected from: the source's column of that name, or what is made for it."""
    return ", ".join(made.get(name, f"{source}.{name}") for name in _COLUMNS)


_CREDITED = _entry("r", kind="'credit'", service_on="(r.started_at AT TIME ZONE p.zone)::date", rule_set="p.rule_set")
# Rows of volunteer_hours are locked in order, so two consumers that credit the same people cannot deadlock. The sums
# are made first: for the order's sake the planner would else sort every entry. Where no rules are in force a record has
# none, and the table refuses it.
_CREDIT = f"""
    WITH entered AS (
        INSERT INTO ledger_entry ({_NAMED})
        SELECT {_CREDITED}
        FROM {{records}}
        LEFT JOIN unnest(CAST(:districts AS text[]), CAST(:since AS timestamptz[]), CAST(:until AS timestamptz[]),
                         CAST(:zone AS text[]), CAST(:rule_set AS text[]))
                  AS p(district, since, until, zone, rule_set)
          ON p.district = r.district AND r.recorded_at >= p.since AND (p.until IS NULL OR r.recorded_at < p.until)
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
_TOLD = [name for name in _COLUMNS if name not in ("kind", "service_on", "rule_set")]
_AS_EVENTS = unnest(ledger_entry, _TOLD)
_AS_ROWS = f"(SELECT *, occurred_at AS recorded_at FROM {rows_of(ServiceLogged)}) r"
_CREDIT_EVENTS = text(
    _CREDIT.format(records=_AS_EVENTS, repeated="ON CONFLICT DO NOTHING", result="array_agg(event_id)")
)
# A log holds each version of a record once, so nothing is looked for before it is entered.
_CREDIT_ROWS = text(_CREDIT.format(records=_AS_ROWS, repeated="", result="count(*)"))
_TOLD_DISTRICTS = text(f"SELECT DISTINCT district FROM {rows_of(ServiceLogged)}")
_FROM_TOLD = {name: f"told.{name}" for name in ("version", "event_id", "recorded_at", "rule_set")}
# sound: after this version the record's entries add up to what the event says they must.
_CORRECT = text(f"""
    WITH told AS (
        SELECT * FROM unnest(CAST(:district AS text[]), CAST(:record_id AS uuid[]), CAST(:version AS int[]),
                             CAST(:volunteer_id AS uuid[]), CAST(:previous_minutes AS int[]), CAST(:minutes AS int[]),
                             CAST(:event_id AS uuid[]), CAST(:recorded_at AS timestamptz[]), CAST(:rule_set AS text[]))
             AS told(district, record_id, version, volunteer_id, previous_minutes, minutes, event_id, recorded_at,
                     rule_set)
    ), entered AS (
        INSERT INTO ledger_entry ({_NAMED})
        SELECT {_entry("c", kind="entry.kind", minutes="entry.minutes", **_FROM_TOLD)}
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
    districts = {event.attributes.district for event in events}
    rules = await rule_book(tx, districts)
    logged = [event for event in events if isinstance(event.data, ServiceLogged)]
    corrected = [event for event in events if isinstance(event.data, ServiceCorrected)]
    entered: set[UUID] = set()
    if logged:
        entered |= await _credit(tx, logged, _periods(rules, districts))
    if corrected:
        entered |= await _correct(tx, corrected, rules)
    return Entered(entered, rules)


async def _credit(
    tx: AsyncConnection, events: Sequence[Received[ServiceLogged]], periods: dict[str, list[Any]]
) -> set[UUID]:
    entered = await tx.scalar(
        _CREDIT_EVENTS,
        {
            **_origin(events),
            **periods,
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


def _periods(rules: RuleBook, districts: Iterable[str]) -> dict[str, list[Any]]:
    """Return which rules the districts have followed and when, as the statement that credits takes them."""
    periods = [(district, *period) for district in districts for period in rules.periods(district)]
    return {
        "districts": [district for district, _, _, _ in periods],
        "since": [since for _, since, _, _ in periods],
        "until": [until for _, _, until, _ in periods],
        "zone": [rule_set.zone for _, _, _, rule_set in periods],
        "rule_set": [rule_set.name for _, _, _, rule_set in periods],
    }


async def _credit_in_bulk(tx: AsyncConnection) -> None:
    districts = (await tx.scalars(_TOLD_DISTRICTS)).all()
    await tx.execute(_CREDIT_ROWS, _periods(await rule_book(tx, districts), districts))


async def enter_carried(tx: AsyncConnection, events: Sequence[Received[HoursCarried]]) -> None:
    """Enter what people had served elsewhere: of each district the last that was said."""
    await tx.execute(
        _CARRIED,
        {
            "district": [event.attributes.district for event in events],
            "volunteer_id": [event.data.volunteer_id for event in events],
            "from_district": [event.data.from_district for event in events],
            "minutes": [event.data.minutes for event in events],
            "sessions": [event.data.sessions for event in events],
            "stars": [event.data.stars for event in events],
            "event_id": [event.attributes.id for event in events],
            "recorded_at": [event.attributes.time for event in events],
            "version": [event.attributes.sequence for event in events],
        },
    )


LEDGER = Projection(
    "ledger",
    (ProjectedTable("ledger_entry"), ProjectedTable("volunteer_hours")),
    enter_in_ledger,
    in_bulk={ServiceLogged: _credit_in_bulk},
    reads=("rule_set",),
    groups=Groups(
        {"ledger_entry": "volunteer_id", "volunteer_hours": "volunteer_id"},
        of=lambda event: event.data.volunteer_id,
        members="record_id",
    ),
)
RATINGS = known_entries("ratings", organiser_rating, same_names("volunteer_id", "rating"))
"""What organisers say of how good services were: of each the last word. A recipient's rating comes with the record."""
CARRIED = Projection(
    "carried_hours",
    (ProjectedTable("carried_hours"),),
    enter_carried,
    groups=Groups({"carried_hours": "volunteer_id"}),
    compare_only="what was carried along was worked out, and announced, once",
)
"""What somebody had served in other districts before they moved to this one, as the service has announced it."""
