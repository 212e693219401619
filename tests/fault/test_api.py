"""The API is killed around its commit; the client asks again with the same Idempotency-Key."""

from tests.fault.case import Case
from tests.fault.model import Traffic


async def test_f1_api_killed_before_commit(case: Case) -> None:
    """API kill -9 before COMMIT; the client asks again with the same Idempotency-Key"""
    api, world = case.system["activities.api"], await case.world()
    async with Traffic(world, case.rng) as traffic:
        api.arm(f"store.before_commit:kill9@{case.nth(40)}")
        await api.died()
        api.start()
        await traffic.goes_on()
    assert [op for op in world.done() if op.attempts > 1], "nobody had to ask twice"
    await case.holds(world, "I1", "I2", "I3", "I4", "I5", "I7", "I8")
