"""What it costs to let a caller in: nothing of the database, but for one look a second at what is revoked."""

from types import SimpleNamespace
from uuid import uuid4

import pytest

from shared.store import revocations
from shared.store.engine import Store
from shared.store.revocations import FRESH_SECONDS, Revocations
from tests.support.cost import Cost, metered
from tests.support.infrastructure import ServiceDatabase

REQUESTS = 500
ONE_LOOK = Cost(statements=2, commits=1)  # for every district; the rows of the last minutes


async def test_requests_cost_no_statement(service_database: ServiceDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 1000.0
    monkeypatch.setattr(revocations, "time", SimpleNamespace(monotonic=lambda: moment))
    async with Store((await service_database("activities")).api) as store:
        known = Revocations(store)
        spent = []
        for seconds in (0.0, FRESH_SECONDS / 2, FRESH_SECONDS, 60.0):
            moment += seconds
            with metered(store) as cost:
                for _ in range(REQUESTS):
                    assert not await known.name({"district": "510115", "sub": str(uuid4()), "ver": 1})
                if known._reading:
                    await known._reading
            spent.append(cost)
    assert spent == [ONE_LOOK, Cost(), ONE_LOOK, ONE_LOOK]
