"""The clock of one service is an hour wrong: what the others make of its events is the same."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

from tests.fault.case import Case
from tests.fault.system import LAYOUT, System

SERVED = 60


async def test_f25_clock_an_hour_wrong_on_one_service(case: Case) -> None:
    """every process of activities or of assessment has its wall clock an hour ahead or behind, then right again"""
    system, world = case.system, await case.world()
    service, shift = case.rng.choice(["activities", "assessment"]), case.rng.choice([-1, 1]) * timedelta(hours=1)
    processes = [name for name in LAYOUT if name.startswith(service)]
    right = {name: list(system[name].child.command) for name in processes}
    try:
        await restart(system, {name: shifted(command) for name, command in right.items()}, shift)
        theirs = shift if service == "activities" else timedelta()
        for district in world.districts:
            began = time.monotonic()
            attended = await world.publish(
                district, capacity=len(district.volunteers), starts_in=theirs + timedelta(minutes=20)
            )
            for volunteer in district.volunteers:
                signed = (await world.sign_up(district, volunteer, attended)).answer["sign_up_id"]
                await world.check_in(district, signed)
            await world.let_pass(attended, timedelta(minutes=SERVED))
            rows = await system.rows("activities", "SELECT id, volunteer_id FROM sign_up WHERE shift_id = $1", attended)
            for row in rows:
                left = (await world.check_out(district, row["volunteer_id"], str(row["id"]))).answer
                assert SERVED <= left["minutes"] <= SERVED + (time.monotonic() - began) / 60 + 1
                await world.correct(district, left["record"]["id"], 1, case.rng.randint(1, SERVED - 1))
    finally:
        await restart(system, right, timedelta())
    await world.log(50, case.rng)
    await case.holds(world, "I1", "I2", "I3", "I4", "I5", "I7", "I8")


def shifted(command: list[str]) -> list[str]:
    python, option, *service = command
    return [python, option, "tests.fault.shifted_clock", *service]


async def restart(system: System, commands: dict[str, list[str]], shift: timedelta) -> None:
    for name, command in commands.items():
        child = system[name].child
        system[name].kill9()
        child.command = command
        child.environment = {**child.environment, "CLOCK_SHIFT": str(shift.total_seconds())}
    await system.start(*commands)
    await asyncio.gather(*(system[name].ready() for name in commands))
