"""What is committed is published, what is published is counted, once, and in order per key."""

import pytest
from sqlalchemy import text

from shared.store.event_log import append, new_id
from tests.integration.messaging.conftest import Wire, has_read_all, outbox_is_empty
from tests.support.eventually import eventually, running
from tests.support.tally import DISTRICT, publish, service_corrected, service_logged, totals


async def test_an_event_commits_with_its_outbox_row_or_not_at_all(wire: Wire) -> None:
    class ChangeOfMindError(Exception):
        pass

    event = service_logged(new_id())

    async def change_of_mind() -> None:
        async with wire.api.transaction(DISTRICT) as tx:
            await append(tx, [event])
            raise ChangeOfMindError

    with pytest.raises(ChangeOfMindError):
        await change_of_mind()

    async with wire.worker.transaction() as tx:
        assert await tx.scalar(text("SELECT count(*) FROM outbox")) == 0


async def test_what_is_committed_is_counted_once_and_the_outbox_drains(wire: Wire) -> None:
    volunteers = [new_id() for _ in range(7)]
    async with running(wire.relay().run), running(wire.consumer().run):
        for _ in range(20):
            await publish(wire.api, *(service_logged(volunteer) for volunteer in volunteers * 10))
        await eventually(lambda: outbox_is_empty(wire))
        await eventually(lambda: has_read_all(wire))
    assert await totals(wire.worker) == (60 * 1400, 1400)


async def test_events_of_one_record_arrive_in_the_order_of_its_versions(wire: Wire) -> None:
    records = [service_logged(new_id()) for _ in range(30)]
    async with running(wire.relay().run), running(wire.consumer().run):
        await publish(wire.api, *records)
        for version in range(2, 22):
            await publish(wire.api, *(service_corrected(record, version) for record in records))
        await eventually(lambda: outbox_is_empty(wire))
        await eventually(lambda: has_read_all(wire))
    async with wire.worker.transaction() as tx:
        arrived = (await tx.execute(text("SELECT record_id, version FROM arrival ORDER BY ordinal"))).all()
    assert len(arrived) == 30 * 21
    for record in records:
        assert [version for record_id, version in arrived if record_id == record.aggregate_id] == list(range(1, 22))
