"""A registry whose database knows no digests of its keys yet is asked whether they open who is on file."""

import os
from dataclasses import replace

from shared.store.key_check import wrong_keys
from tests.integration.registry.conftest import Registry, roster, roster_line

DISTRICT = "510186"


async def test_keys_that_do_not_open_or_find_who_is_on_file_are_wrong(registry: Registry) -> None:
    await registry.open(DISTRICT)
    status = await registry.take_in(DISTRICT, "roster", roster([roster_line(1, district=DISTRICT)]))
    assert status["rejected"] == 0

    async def wrong(**settings: bytes) -> list[str]:
        """Look and leave no digests."""
        service = replace(registry.service, settings=registry.service.settings.model_copy(update=settings))
        async with registry.worker.engine.connect() as connection:
            return await wrong_keys(connection, service.keys)

    assert await wrong() == []
    assert await wrong(master_key=os.urandom(32)) == ["REGISTRY_MASTER_KEY"]
    assert await wrong(blind_index_key=os.urandom(32)) == ["REGISTRY_BLIND_INDEX_KEY"]
