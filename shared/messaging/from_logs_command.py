"""How ``catch-up`` and ``subscribe`` run: in the surroundings that the environment names.

Invariant: what cannot be done to the end says so, and can be run again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import asyncpg
import typer
from aiokafka.errors import KafkaError
from sqlalchemy.exc import DBAPIError

from shared.messaging.dead_letter import LimitReachedError
from shared.messaging.from_logs import Surroundings
from shared.messaging.reactions import Reactions
from shared.messaging.servers import servers_of
from shared.messaging.subscription import HistoryMissingError
from shared.ops import terminal
from shared.ops.terminal import OnProgress
from shared.store.engine import Store

Result = TypeVar("Result")
Work = Callable[[Surroundings, OnProgress, OnProgress], Awaitable[Result]]
"""Is given two functions: one to be told the total, one to be told what is done."""


def run(reactions: Reactions, command: str, work: Work[Result]) -> Result:
    """Do a command's work. Where that is not possible to the end, say why and raise typer.Exit with 2."""
    try:
        return asyncio.run(_in_surroundings(reactions, command, work))
    except (LimitReachedError, HistoryMissingError) as fault:
        reason = str(fault)
    except (DBAPIError, asyncpg.PostgresError, KafkaError, OSError) as fault:
        reason = type(fault).__name__
    terminal.console().print(f"not to the end: {reason}. What is applied stays applied; run it again.", markup=False)
    raise typer.Exit(2)


async def _in_surroundings(reactions: Reactions, command: str, work: Work[Result]) -> Result:
    url_of = partial(terminal.database_url, role="worker")
    async with Store(url_of(reactions.service), pool_size=1) as store:
        surroundings = Surroundings(reactions, store, servers_of(reactions.service), terminal.topic_prefix(), url_of)
        with terminal.progress(f"{reactions.service} {command}") as (begin, advance):
            return await work(surroundings, begin, advance)
