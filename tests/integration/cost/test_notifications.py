"""What becomes of others' events in messages, by the consumer's own code."""
# ruff: noqa: F401, F811 - fixtures of another folder

from shared.contracts.topics import CONTACT
from shared.store.event_log import new_id
from tests.integration.cost.table import assert_costs
from tests.integration.cost.working import consume, record, records_of
from tests.integration.notifications.conftest import (
    DISTRICT,
    Post,
    database,
    mail_server,
    post,
    registered,
    signed_up,
)
from tests.support.services import reactions


async def test_messages(post: Post) -> None:
    measured = {}
    for size in (1, 400):
        batch = records_of([*(signed_up(new_id()) for _ in range(size)), *(registered(new_id()) for _ in range(size))])
        measured[2 * size] = await consume(post.worker, reactions("notifications"), batch)
    assert_costs("consume: messages to volunteers", measured)
    assert len(await post.rows("SELECT 1 FROM delivery")) == 2 * 802


async def test_contacts(post: Post) -> None:
    measured = {}
    for size in (1, 400):
        values = [b"sealed"] * size + [None] * size
        batch = [
            record(CONTACT.name, offset, str(new_id()).encode(), value, [("ce_district", DISTRICT.encode())])
            for offset, value in enumerate(values)
        ]
        measured[2 * size] = await consume(post.worker, reactions("notifications"), batch)
    assert_costs("consume: contacts", measured)
