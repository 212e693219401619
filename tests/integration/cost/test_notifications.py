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
    handle,
    know,
    mail_server,
    post,
    registered,
    signed_up,
)
from tests.support.cost import Cost, metered
from tests.support.services import reactions


async def test_messages(post: Post) -> None:
    measured = {}
    for size in (1, 400):
        batch = records_of([*(signed_up(new_id()) for _ in range(size)), *(registered(new_id()) for _ in range(size))])
        measured[2 * size] = await consume(post.worker, reactions("notifications"), batch)
    assert_costs("consume: messages to volunteers", measured)
    assert len(await post.rows("SELECT 1 FROM delivery")) == 2 * 802


async def test_mails(post: Post) -> None:
    """What came of a mail is noted for itself, so a batch costs by the mail; all else is the batch's."""
    measured = []
    for size in (1, 50):
        volunteers = [new_id() for _ in range(size)]
        for volunteer in volunteers:
            await know(post, volunteer, name="Ann", email="ann@example.org", language="en")
        await handle(post, [signed_up(volunteer) for volunteer in volunteers])
        with metered(post.worker) as cost:
            await post.work_off()
        measured.append(cost)
    assert len(post.server.mails) == 51
    batch, others = measured[0], measured[1] - measured[0]
    assert (others.statements % 49, others.commits % 49) == (0, 0)
    each = Cost(others.statements // 49, others.commits // 49)
    assert_costs("mail: each", {1: each})
    assert_costs("mail: around a batch", {1: batch - each})


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
