"""A year of service records: from the upload to activities until assessment reports the whole import credited."""

from contextlib import ExitStack

from sqlalchemy import TextClause, text

from shared.store.engine import Store
from tests.bench import system
from tests.bench.figure import Figure
from tests.bench.limits import bare_consumer, bare_relay
from tests.bench.setting import Setting
from tests.bench.system import ROSTER, SERVICE_RECORDS, System

NAME = "service-records"
_VOLUNTEERS = text("SELECT count(*) FROM known_volunteer")
_RECORDS = text("SELECT count(*) FROM ledger_entry")


async def measure(setting: Setting) -> list[Figure]:
    """All in: reading, checking, writing, relaying, consuming, crediting."""
    with ExitStack() as stack:
        platform = await system.start(setting, stack, "registry", "activities", "assessment")
        await platform.open_district()
        volunteers = (await platform.load("registry", "roster", ROSTER)).total or 0
        for service in ("activities", "assessment"):
            await _holds(setting, platform, service, _VOLUNTEERS, volunteers)
        async with setting.watched():
            end = await platform.load("activities", "service-records", SERVICE_RECORDS)
            await setting.until(lambda: _credited(platform, end.id))
        seconds, records = setting.seconds, end.total or 0
        await _holds(setting, platform, "assessment", _RECORDS, records)
        setting.stop()
        relay = await bare_relay(setting, platform.urls["activities"], records)
        ledger = await setting.database("assessment")
        environment = platform.environments["assessment"] | {
            "ASSESSMENT_WORKER_DATABASE_URL": ledger.worker,
            "ASSESSMENT_API_DATABASE_URL": ledger.api,
            "TOPIC_PREFIX": setting.prefix,
        }
        setting.start("bare consumer", "services.assessment", "consumer", **environment)
        consumer = await bare_consumer(setting, ledger, records)
    work = f"{records:,} service records until the ledger shows them (limit: {{}} alone)"
    return [
        Figure(work.format("relay"), seconds, "s", records / relay, 30),
        Figure(work.format("consumer of assessment"), seconds, "s", records / consumer, 30),
    ]


async def _credited(platform: System, import_id: str) -> bool:
    progress = await platform.get("assessment", f"/v1/imports/{import_id}/progress")
    return bool(progress["closed"])


async def _holds(setting: Setting, platform: System, service: str, count: TextClause, expected: int) -> None:
    """Wait until a service's database has so many rows."""
    store = Store(platform.urls[service].worker)

    async def holds() -> bool:
        async with store.transaction() as tx:
            return bool(await tx.scalar(count) == expected)

    await setting.until(holds)
    await store.close()
