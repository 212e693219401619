"""A consumer whose position Kafka no longer holds goes on from the event logs (F28)."""

from collections.abc import Sequence
from uuid import UUID

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from shared.contracts import ServiceLogged
from shared.contracts.topics import TOPICS
from shared.messaging.kafka_metadata import end_offsets
from shared.messaging.servers import KafkaServers
from tests.replay.conftest import Platform, corrected, served
from tests.support.eventually import eventually


async def test_what_the_topics_lost_is_applied_from_the_logs_once_and_the_consumer_goes_on(
    platform: Platform, volunteers: Sequence[UUID]
) -> None:
    lost = [served(volunteer, 40) for volunteer in volunteers]
    async with platform.live("activities", "notifications"):
        await platform.append("activities", *lost)
        await platform.append("activities", corrected(lost[0], 5))
        await _published(platform)
    await _forget(platform)
    await platform.append("activities", corrected(lost[1], 15))

    code, output = await platform.linbang("assessment", "catch-up", "--by", "li.lei")
    assert code == 0, output
    assert f"{len(lost) + 2} events applied, 0 parked" in output
    [told] = await platform.rows(
        "assessment", "SELECT caused_by, data FROM event_log WHERE type LIKE '%.ConsumerCaughtUp.v1'"
    )
    assert (told.caused_by, told.data["applied"], told.data["parked"]) == ("operator:li.lei", len(lost) + 2, 0)
    assert len(told.data["partitions"]) == TOPICS[ServiceLogged.topic].partitions
    code, again = await platform.linbang("assessment", "catch-up")
    assert (code, "0 events applied" in again) == (0, True), again
    code, output = await platform.linbang("registry", "catch-up")  # which has missed them too
    assert (code, f"{len(lost) + 2} events applied" in output) == (0, True), output

    async with platform.live():
        await platform.append("activities", served(volunteers[5], 50))
        await platform.settle()
    code, output = await platform.linbang("assessment", "compare")
    assert code == 0, output
    logged = await platform.rows("activities", "SELECT count(*) FROM event_log WHERE type LIKE '%.ServiceLogged.v1'")
    assert await platform.rows("assessment", "SELECT count(*) FROM ledger_entry WHERE kind = 'credit'") == logged
    announced = await platform.rows(
        "assessment",
        "SELECT count(DISTINCT data ->> 'record_id'), count(*) FROM event_log WHERE type LIKE '%.HoursCredited.v1'",
    )
    assert announced[0][0] == announced[0][1]


async def _published(platform: Platform) -> None:
    async def empty() -> bool:
        return not (await platform.rows("activities", "SELECT count(*) FROM outbox"))[0][0]

    await eventually(empty)


async def _forget(platform: Platform) -> None:
    """Let retention pass for all that is in the topic of service records."""
    topic = platform.prefix + ServiceLogged.topic
    ends = await end_offsets(KafkaServers(platform.servers), [topic])
    assert len(ends) == TOPICS[ServiceLogged.topic].partitions
    admin = AIOKafkaAdminClient(bootstrap_servers=platform.servers)
    await admin.start()
    try:
        await admin.delete_records(
            {TopicPartition(*place): RecordsToDelete(before_offset=end) for place, end in ends.items()}
        )
    finally:
        await admin.close()
