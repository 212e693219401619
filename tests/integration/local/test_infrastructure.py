"""The fixture that every integration test stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg

from deploy.local.broker import answers

if TYPE_CHECKING:
    from tests.support.infrastructure import Infrastructure, ServiceDatabase


async def test_kafka_answers_and_postgres_is_18(infrastructure: Infrastructure) -> None:
    assert answers(infrastructure.servers)
    connection = await asyncpg.connect(infrastructure.admin_url)
    assert (await connection.fetchval("SHOW server_version")).startswith("18.")
    await connection.close()


async def test_a_module_has_one_migrated_database_per_service(service_database: ServiceDatabase) -> None:
    urls = await service_database("registry")
    assert await service_database("registry") is urls
    connection = await asyncpg.connect(urls.worker)
    assert await connection.fetchval("SELECT count(*) FROM outbox") == 0
    await connection.close()
