"""Projections made again from events equal the live ones, at rest and under load, and a change by hand is found."""

import asyncio
import os
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest
import typer
from asyncpg import InterfaceError

from services.notifications.messages.domain import OF_CLOCK
from shared.messaging.replay import event_logs
from shared.messaging.replay.outcome import FAILED, run
from shared.messaging.replay.request import From, ReplayRequest, ReplayResult, replay_once
from shared.store.event_log import new_id
from tests.replay.conftest import DISTRICT, Platform, served
from tests.support.forked import Program
from tests.support.services import SERVICES, reactions

pytestmark = pytest.mark.usefixtures("volunteers")
RECORD_EVENTS = "SELECT count(*) FROM event_log WHERE type ~ 'ServiceLogged|ServiceCorrected'"
SENT = "SELECT (SELECT count(*) FROM event_log), (SELECT count(*) FROM outbox)"


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.row(55, 61)
async def test_replayed_projections_equal_the_live_ones_and_nothing_is_sent(platform: Platform, service: str) -> None:
    before = await platform.rows(service, SENT)
    code, output = await platform.linbang(service, "compare")
    assert code == 0, output
    assert await platform.rows(service, SENT) == before
    kept = await platform.rows(service, "SELECT projection, rows, differences, position FROM projection_comparison")
    assert kept
    assert all(row.differences == 0 for row in kept)
    assert all(row.rows and row.position for row in kept), kept


async def test_every_night_every_service_is_compared(platform: Platform) -> None:
    kept = "SELECT count(*) FROM projection_comparison"
    before = {service: (await platform.rows(service, kept))[0][0] for service in SERVICES}
    nightly = Program(
        ["-c", "from deploy.nightly import compare_all; compare_all()"], {**os.environ, **platform.environment}
    )
    assert await asyncio.to_thread(nightly.wait) == 0
    for service in SERVICES:
        projections = reactions(service).projections
        assert (await platform.rows(service, kept))[0][0] == before[service] + len(projections)


@pytest.mark.parametrize("projection", ["ledger", "volunteers"])
async def test_the_topics_tell_the_same(platform: Platform, projection: str) -> None:
    code, output = await platform.linbang("assessment", "replay", projection, "--from", "kafka")
    assert code == 0, output
    assert "equal" in output


async def test_of_one_district_no_others_events_are_read(platform: Platform) -> None:
    [events] = await platform.rows("activities", RECORD_EVENTS + " AND district = :district", district=DISTRICT)
    assert events < (await platform.rows("activities", RECORD_EVENTS))[0]
    code, output = await platform.linbang("assessment", "replay", "ledger", "--district", DISTRICT)
    assert code == 0, output
    assert f"equal ({events[0]} events)" in output


@pytest.mark.row(42)
async def test_each_record_is_credited_by_the_rules_of_its_time(platform: Platform) -> None:
    rules = await platform.rows(
        "assessment", "SELECT DISTINCT rule_set FROM ledger_entry WHERE district = :d", d=DISTRICT
    )
    assert len(rules) == 2, "the history spans a change of rules, which the comparisons here go across"


async def test_a_log_is_read_in_spans_of_rows_across_districts(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_logs, "SPAN", 7)
    for name, value in platform.environment.items():
        monkeypatch.setenv(name, value)
    noted: list[int] = []
    request = ReplayRequest("assessment", reactions("assessment").projections["ledger"], From.EVENT_LOG)
    outcome = await replay_once(request, lambda _: None, noted.append)
    [events] = await platform.rows("activities", RECORD_EVENTS)
    assert (outcome.differing, outcome.applied, sum(noted)) == (0, events[0], events[0])
    assert len(noted) > 10
    assert max(noted) <= 7


async def test_a_replay_up_to_a_moment_shows_what_was_then(platform: Platform) -> None:
    [row] = await platform.rows(
        "assessment",
        """SELECT moment, (SELECT count(*) FROM ledger_entry WHERE recorded_at < moment) AS entries
           FROM (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY recorded_at) AS moment FROM ledger_entry) middle""",
    )
    assert row.entries
    for until, entries in (("2020-01-01", 0), (row.moment.isoformat(timespec="microseconds"), row.entries)):
        code, output = await platform.linbang("assessment", "replay", "ledger", "--until", until)
        assert code == 0, output
        assert f"│ ledger_entry    │ {entries:<7} │" in output
        assert "differ" not in output


def test_a_server_that_goes_away_is_no_difference() -> None:
    async def broken_off() -> ReplayResult:
        raise InterfaceError("connection is closed")

    with pytest.raises(typer.Exit) as ended:
        run(broken_off())
    assert ended.value.exit_code == FAILED


@pytest.mark.row(61)
async def test_replays_are_equal_while_events_flow_in(platform: Platform, volunteers: Sequence[UUID]) -> None:
    async with platform.live():
        flowing = asyncio.Event()

        async def flow() -> None:
            while not flowing.is_set():
                await platform.append("activities", *(served(volunteer, 20) for volunteer in volunteers[:20]))
                await asyncio.sleep(0.04)

        writing = asyncio.create_task(flow())
        try:
            for arguments in (("assessment", "compare"), ("notifications", "compare")):
                code, output = await platform.linbang(*arguments)
                assert code == 0, output
        finally:
            flowing.set()
            await writing
        await platform.settle()


async def test_what_is_not_applied_yet_is_no_difference(platform: Platform) -> None:
    await platform.append("activities", served(new_id(), 60))
    code, output = await platform.linbang("assessment", "replay", "ledger")
    assert code == 0, output
    async with platform.live():
        await platform.settle()


async def test_a_ledger_row_changed_by_hand_is_found_and_the_explanation_still_shows_the_truth(
    platform: Platform, volunteers: Sequence[UUID]
) -> None:
    def edit(minutes: int) -> tuple[str, ...]:
        return (
            "ALTER TABLE ledger_entry DISABLE TRIGGER append_only, NO FORCE ROW LEVEL SECURITY",
            f"UPDATE ledger_entry SET minutes = {minutes} "
            f"WHERE volunteer_id = '{volunteers[2]}' AND minutes IN (62, 92)",
            "ALTER TABLE ledger_entry ENABLE TRIGGER append_only, FORCE ROW LEVEL SECURITY",
        )

    code, truth = await platform.linbang("assessment", "explain", "V002")
    assert code == 0, truth
    await platform.as_superuser("assessment", *edit(92))
    code, output = await platform.linbang("assessment", "compare")
    assert code == 1, output
    assert "minutes is 92, events say 62" in output
    [found] = await platform.rows(
        "assessment",
        "SELECT differences FROM projection_comparison WHERE projection = 'ledger' ORDER BY compared_at DESC LIMIT 1",
    )
    assert found.differences == 1
    code, output = await platform.linbang("assessment", "explain", str(volunteers[2]))
    assert code == 1, output
    assert "the ledger's credit is 92" in output
    assert _total(output) == _total(truth)
    await platform.as_superuser("assessment", *edit(62))
    code, output = await platform.linbang("assessment", "explain", "V002")
    assert code == 0, output


@pytest.mark.parametrize(
    ("table", "column", "other"), [("message", "facts", """'{"minutes": 1}'"""), ("delivery", "id", "event_id")]
)
async def test_what_an_earlier_version_made_otherwise_is_no_drift_but_an_edit_is(
    platform: Platform, table: str, column: str, other: str
) -> None:
    """A template that has a fact more today would differ from every message it has ever made."""

    async def edit(change: str) -> tuple[int, str]:
        await platform.as_superuser(
            "notifications",
            f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
            f"UPDATE {table} SET {change} WHERE event_id = '{message.event_id}'",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        )
        return await platform.linbang("notifications", "replay", "messages")

    message, *_ = await platform.rows("notifications", "SELECT event_id FROM message ORDER BY event_id")
    code, output = await edit(f"{column} = {other}")
    assert code == 1, output
    assert f"{column} is" in output
    code, output = await edit("shape = shape - 1")
    assert code == 0, output


async def test_what_the_clock_has_told_is_no_drift_but_as_a_message_about_an_event_it_is(platform: Platform) -> None:
    reminder = uuid4()

    async def edit(*statements: str) -> tuple[int | None, str]:
        await platform.as_superuser(
            "notifications",
            "ALTER TABLE message NO FORCE ROW LEVEL SECURITY",
            *statements,
            "ALTER TABLE message FORCE ROW LEVEL SECURITY",
        )
        return await platform.linbang("notifications", "replay", "messages")

    code, output = await edit(f"""
        INSERT INTO message (district, event_id, recipient_id, template, facts, occurred_at, shape)
        SELECT district, '{reminder}', recipient_id, 'shift_reminder', facts, now(), {OF_CLOCK} FROM message LIMIT 1
    """)
    assert code == 0, output
    code, output = await edit(f"UPDATE message SET shape = 1 WHERE event_id = '{reminder}'")
    assert code == 1, output
    code, output = await edit(f"DELETE FROM message WHERE event_id = '{reminder}'")
    assert code == 0, output


@pytest.mark.row(55)
async def test_an_explanation_names_every_event_its_cause_and_its_place(
    platform: Platform, volunteers: Sequence[UUID]
) -> None:
    code, output = await platform.linbang("assessment", "explain", "V000")
    assert code == 0, output
    events = await platform.rows(
        "activities",
        "SELECT event_id, caused_by FROM event_log WHERE data ->> 'volunteer_id' = :volunteer",
        volunteer=str(volunteers[0]),
    )
    assert len(events) >= 3
    for row in events:
        assert str(row.event_id) in output
        assert row.caused_by in output
    assert output.count("activities.service-record[") == len(events)
    code, _ = await platform.linbang("assessment", "explain", "nobody")
    assert code == 2


@pytest.mark.row(59)
async def test_what_was_carried_along_is_explained_by_its_event(platform: Platform) -> None:
    [told] = await platform.rows("assessment", "SELECT event_id FROM event_log WHERE type LIKE '%.HoursCarried.v1'")
    code, output = await platform.linbang("assessment", "explain", "E1")
    assert code == 0, output
    assert f"carried along from {DISTRICT}: minutes 6000, sessions 1" in output
    assert str(told.event_id) in output


def _total(output: str) -> str:
    return output.split("minutes by events ")[1].split(",", maxsplit=1)[0]
