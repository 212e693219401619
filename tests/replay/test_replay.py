"""Projections made again from events equal the live ones, at rest and under load, and a change by hand is found."""

import asyncio
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from uuid import UUID

import pytest

from shared.store.event_log import new_id
from tests.replay.conftest import DISTRICT, SERVICES, Platform, served

pytestmark = pytest.mark.usefixtures("volunteers")
SENT = "SELECT (SELECT count(*) FROM event_log), (SELECT count(*) FROM outbox)"


@pytest.mark.parametrize("service", SERVICES)
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
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from deploy.nightly import compare_all; compare_all()",
        env={**os.environ, **platform.environment},
    )
    assert await process.wait() == 0
    for service in SERVICES:
        projections = import_module(f"services.{service}.projections").PROJECTIONS
        assert (await platform.rows(service, kept))[0][0] == before[service] + len(projections)


@pytest.mark.parametrize(
    "arguments", [("ledger", "--from", "kafka"), ("volunteers", "--from", "kafka"), ("ledger", "--district", DISTRICT)]
)
async def test_the_topics_and_one_district_tell_the_same(platform: Platform, arguments: Sequence[str]) -> None:
    code, output = await platform.linbang("assessment", "replay", *arguments)
    assert code == 0, output
    assert "equal" in output


async def test_a_replay_up_to_a_moment_shows_what_was_then(platform: Platform) -> None:
    code, output = await platform.linbang("assessment", "replay", "ledger", "--until", "2020-01-01")
    assert code == 0, output
    assert "│ ledger_entry    │ 0       │" in output
    assert "differ" not in output


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


def _total(output: str) -> str:
    return output.split("minutes by events ")[1].split(",", maxsplit=1)[0]
