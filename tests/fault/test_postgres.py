"""PostgreSQL is killed under the writers: all of a command or nothing of it, its events exactly with its rows."""

from tests.fault.case import Case
from tests.fault.model import Traffic, World


async def test_f3_postgres_killed_between_write_and_commit(case: Case) -> None:
    """PostgreSQL kill -9 (the server, or one backend) while an API stands between its writes and COMMIT"""
    system, world = case.system, await case.world()
    api = system["activities.api"]
    async with Traffic(world, case.rng) as traffic:
        api.arm(f"request.before_commit:stop@{case.nth(30)}")
        await api.paused()
        in_doubt = await transactions_with_writes(world)
        assert in_doubt, "no transaction was open with its writes done"
        if case.rng.random() < 0.5:
            system.kill_postgres()
            system.start_postgres()
        else:
            await system.kill_backend(in_doubt[0])
        api.resume()
        await traffic.goes_on()
    assert any(op.attempts > 1 for op in world.done()), "nobody had to ask twice"
    await case.holds(world, "I1", "I2", "I3", "I4", "I5", "I7", "I8")


async def test_f3_postgres_killed_under_commits(case: Case) -> None:
    """PostgreSQL kill -9 (the whole server) at any moment under traffic: some are in the middle of COMMIT"""
    system, world = case.system, await case.world()
    async with Traffic(world, case.rng) as traffic:
        await traffic.goes_on(case.rng.randint(1, 100))
        system.kill_postgres()
        system.start_postgres()
        await traffic.goes_on()
    await case.holds(world, "I1", "I2", "I3", "I4", "I5", "I7", "I8")


async def transactions_with_writes(world: World) -> list[int]:
    """Return the backends of activities' API that have written and not committed."""
    rows = await world.system.rows(
        "activities",
        """SELECT pid FROM pg_stat_activity WHERE usename = 'activities_api' AND datname = current_database()
           AND state = 'idle in transaction' AND backend_xid IS NOT NULL""",
    )
    return [row["pid"] for row in rows]
