"""A rush for few places while the API dies under it: nobody gets a place that is not there, nobody loses theirs."""

import asyncio
from uuid import UUID

import pytest

from tests.fault.case import Case
from tests.fault.model import District, Operation, World


@pytest.mark.row(24)
async def test_f20_rush_with_api_killed_midway(case: Case) -> None:
    """200 at once for 10 seats, two API processes, one of them kill -9 midway; then withdrawals and signing up again"""
    api, world = case.system["activities.api"], await case.world(volunteers=200)
    shifts = [await world.publish(district, capacity=10) for district in world.districts]
    everybody = [(d, v, s) for d, s in zip(world.districts, shifts, strict=True) for v in d.volunteers]
    case.rng.shuffle(everybody)
    api.arm(f"request.{case.rng.choice(('before', 'after'))}_commit:kill9@{case.nth(3)}")
    signed = await asyncio.gather(*(world.sign_up(*each) for each in everybody))
    await api.died()
    api.start()
    assert all(op.outcome == "ok" for op in signed)
    by_place = sorted(zip(everybody, signed, strict=True), key=lambda each: each[1].answer["state"] != "confirmed")
    leaving = by_place[:10] + case.rng.sample(by_place[10:], 30)
    await asyncio.gather(*(leave_and_return(world, *who, op) for who, op in leaving))
    for district, shift in zip(world.districts, shifts, strict=True):
        assert await taken(world, district, shift) == 10
    await case.holds(world, "I1", "I2", "I3", "I5", "I7", "I8")


async def leave_and_return(world: World, district: District, volunteer: UUID, shift: UUID, op: Operation) -> None:
    await world.withdraw(district, volunteer, op.answer["sign_up_id"])
    again = await world.sign_up(district, volunteer, shift)
    assert again.outcome == "ok"


async def taken(world: World, district: District, shift: UUID) -> int:
    query = "SELECT taken FROM shift WHERE district = $1 AND id = $2"
    [row] = await world.system.rows("activities", query, district.code, shift)
    return int(row["taken"])
