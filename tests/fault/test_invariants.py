"""The checker itself: each invariant is seen to fail on a violation that is made for it, and on having nothing to see.

A violation is made in an open transaction of the very connection that the checks read by, and rolled back.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import pytest

from tests.fault import invariants
from tests.fault.case import Stage
from tests.fault.invariants import CHECKS, Findings, check, check_liveness
from tests.fault.model import Traffic, World, new_world

LOGGED = "type LIKE '%.ServiceLogged.%' AND district = '{district}'"
COPY = """
    INSERT INTO event_log (district, position, event_id, topic, aggregate_id, aggregate_version, type, occurred_at,
                           caused_by, data)
    OVERRIDING SYSTEM VALUE
    SELECT district, position + 1000000000, gen_random_uuid(), topic, gen_random_uuid(), {version}, type, occurred_at,
           caused_by, data
    FROM event_log WHERE {where} LIMIT {limit}
"""
VIOLATIONS = {
    "I1 an acknowledged record is in no log": ("activities", f"DELETE FROM event_log WHERE {LOGGED}"),
    "I1 a record is not in the ledger": ("assessment", "DELETE FROM ledger_entry WHERE district = '{district}'"),
    "I1 a row has no event": ("activities", "UPDATE sign_up SET version = version + 1 WHERE district = '{district}'"),
    "I2 minutes were counted twice": (
        "assessment",
        "UPDATE volunteer_hours SET minutes = minutes * 2 WHERE district = '{district}'",
    ),
    "I2 one command was logged twice": ("activities", COPY.format(where=LOGGED, version=1, limit=100)),
    "I3 more places than there are": (
        "activities",
        "UPDATE shift SET capacity = 1, taken = 1, waiting = 0 WHERE district = '{district}'",
    ),
    "I3 the shift's count is wrong": (
        "activities",
        "UPDATE shift SET taken = taken - 1, waiting = 0 WHERE district = '{district}' AND taken > 0",
    ),
    "I4 an entry was edited": (
        "assessment",
        "UPDATE ledger_entry SET minutes = minutes + 1 WHERE district = '{district}' AND kind = 'credit'",
    ),
    "I4 a volunteer was edited": (
        "activities",
        "UPDATE known_volunteer SET number = 'X' WHERE district = '{district}'",
    ),
    "I5 a version is missing in the log": ("activities", f"DELETE FROM event_log WHERE {LOGGED}"),
    "I5 Kafka never got an event": ("activities", COPY.format(where=LOGGED, version=1, limit=1)),
    "I5 the ledger skipped a version": (
        "assessment",
        "DELETE FROM ledger_entry WHERE district = '{district}' AND kind = 'credit'",
    ),
    "I7 a row stays in the outbox": (
        "activities",
        "INSERT INTO outbox (position, district) VALUES (1 << 60, '{district}')",
    ),
    "I7 a consumer lags": ("assessment", "UPDATE consumer_offset SET next_offset = next_offset - 1"),
    "I8 a sign-up stands under another district": (
        "activities",
        "UPDATE sign_up SET district = '999999' WHERE district = '{district}'",
    ),
    "I8 hours stand under another district": (
        "assessment",
        "UPDATE volunteer_hours SET district = '999999' WHERE district = '{district}'",
    ),
}


@pytest.fixture(scope="module")
async def history(stage: Stage) -> World:
    """A world in which everything has happened and everything holds."""
    world = await new_world(await stage.system())
    async with Traffic(world, Random(1)) as traffic:
        await traffic.goes_on(150)
    await check(world, "I1", "I2", "I3", "I4", "I5", "I7", "I8")
    return world


@pytest.mark.parametrize("violation", VIOLATIONS)
async def test_a_violation_is_seen(history: World, violation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    invariant, (service, statement) = violation[:2], VIOLATIONS[violation]
    async with violated(history, service, statement.format(district=history.codes[0])):
        with monkeypatch.context() as patch:
            if invariant == "I7":  # it would not come to rest in a minute either
                patch.setattr(invariants, "HEALING_SECONDS", 0)
            assert invariant in await broken(history)


async def test_what_was_violated_and_taken_back_holds(history: World) -> None:
    assert not await broken(history)


async def test_an_answer_that_differs_when_asked_again_is_seen(history: World) -> None:
    operation = history.done("correct")[0]
    operation.answers.append({**operation.answer, "minutes": -1})
    assert "I2" in await broken(history)
    operation.answers.pop()


async def test_an_answer_of_500_is_seen(history: World) -> None:
    history.faulty_answers.append("correct: 500")
    assert "I7" in await broken(history)
    history.faulty_answers.clear()


async def test_an_invariant_with_nothing_to_look_at_fails(stage: Stage) -> None:
    nothing_happened = await new_world(await stage.system())
    with pytest.raises(AssertionError, match="nothing to look at for I3"):
        await check(nothing_happened, "I3", "I7")


async def broken(world: World) -> set[str]:
    """Return the invariants that do not hold."""
    findings = Findings()
    try:
        await check_liveness(world, findings)
    except AssertionError:
        return {"I7"}
    for each in CHECKS:
        await each(world, findings)
    return {violation[:2] for violation in findings.violations}


@asynccontextmanager
async def violated(world: World, service: str, statement: str) -> AsyncIterator[None]:
    """Make a violation that only the checks see, past triggers and foreign keys, and take it back."""
    await world.system.execute(service, "BEGIN; SET LOCAL session_replication_role = replica")
    try:
        await world.system.execute(service, statement)
        yield
    finally:
        await world.system.execute(service, "ROLLBACK")
