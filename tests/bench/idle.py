"""What a system with nothing to do costs: the CPU of the services, and of PostgreSQL and Kafka beside them.

``python -m tests.bench --only idle`` prints the share of each process below the row.
"""

import asyncio
from contextlib import ExitStack

from deploy.services import SERVICES
from tests.bench import system
from tests.bench.figure import Figure
from tests.bench.setting import Setting

NAME = "idle"
SETTLE_SECONDS, SECONDS, CORES = 20, 60, 2
_SERVERS = ("PostgreSQL", "Kafka")


async def measure(setting: Setting) -> list[Figure]:
    """Let everything stand for a minute, first the servers by themselves, then with all services started."""
    await setting.new_topics()
    alone = await _shares(setting)
    with ExitStack() as stack:
        await system.start(setting, stack, *SERVICES)
        shares = await _shares(setting)
    services = sum(share for name, share in shares.items() if name not in _SERVERS)
    servers_alone = sum(alone.values())
    return [
        Figure("all services idle, of two cores (limit: PostgreSQL and Kafka alone)", services, "%", servers_alone, 2),
        Figure(
            "the whole system idle, of two cores (limit: PostgreSQL and Kafka alone)",
            sum(shares.values()),
            "%",
            servers_alone,
            2,
        ),
    ]


async def _shares(setting: Setting) -> dict[str, float]:
    """Return each process's share of two cores in percent, when what its start brings is over."""
    await asyncio.sleep(SETTLE_SECONDS)
    async with setting.watched():
        await asyncio.sleep(SECONDS)
    return {name: seconds / setting.seconds / CORES * 100 for name, seconds in setting.spent.items()}
