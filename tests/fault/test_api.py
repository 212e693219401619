"""The API is killed around its commit; the client asks again with the same Idempotency-Key."""

import asyncio

from tests.fault.case import Case
from tests.fault.model import Operation, Traffic

AT_ONCE = 16
"""Half of them go to the process that is killed first, which takes at least the five that it is killed within."""


async def test_f1_api_killed_before_commit(case: Case) -> None:
    """API kill -9 before COMMIT; the client asks again with the same Idempotency-Key"""
    api, world = case.system["activities.api"], await case.world()
    async with Traffic(world, case.rng) as traffic:
        api.arm(f"request.before_commit:kill9@{case.nth(30)}")
        await api.died()
        api.start()
        await traffic.goes_on()
    assert any(op.attempts > 1 for op in world.done()), "nobody had to ask twice"
    await case.holds(world, "I1", "I2", "I3", "I4", "I5", "I7", "I8")


async def test_f2_api_killed_after_commit_before_its_answer(case: Case) -> None:
    """API kill -9 after COMMIT, before the response; asking again gives the same id"""
    api, world = case.system["activities.api"], await case.world()
    present = [(district, *each) for district in world.districts for each in await world.attend(district)]
    case.rng.shuffle(present)
    # what it is killed in may be a request that its client has given up on a busy machine: then once more
    left: list[Operation] = []
    rest = present
    while rest and not any(op.replayed for op in left):
        some, rest = rest[:AT_ONCE], rest[AT_ONCE:]
        api.arm(f"request.after_commit:kill9@{case.nth(5)}")
        left += await asyncio.gather(*(world.check_out(*each) for each in some))
        if api.running:
            continue  # so few came so far that it never was at its fault
        await api.died()
        api.start()
    if api.running:
        api.arm("")
    assert any(op.replayed for op in left), "the killed process had answered everything that it had committed"
    left += await asyncio.gather(*(world.check_out(*each) for each in rest))
    token = case.system.issuer.volunteer
    for (district, volunteer, sign_up), op in zip(present, left, strict=True):
        body = {"sign_up_id": sign_up}
        await world.send(op, "POST", "/v1/check-outs", token(district.code, volunteer), json=body)
        assert op.replayed
        assert op.answers[0]["record"]["id"] == op.answer["record"]["id"]
    await case.holds(world, "I1", "I2", "I4", "I5", "I7", "I8")
