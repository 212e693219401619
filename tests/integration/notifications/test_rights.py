"""The rights and the cost of a batch."""

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from services.notifications.projections import keep_contacts
from shared.contracts.received import StateRecord
from shared.store.event_log import new_id
from tests.integration.notifications.conftest import DISTRICT, Post, handle, registered, signed_up


async def test_the_api_sees_no_contacts(post: Post) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with post.api.transaction(DISTRICT) as tx:
            await tx.execute(text("SELECT 1 FROM contact"))


@pytest.mark.parametrize("column", ["facts", "volunteer_id"])
async def test_the_api_can_mark_a_message_read_and_nothing_else(post: Post, column: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with post.api.transaction(DISTRICT) as tx:
            await tx.execute(text(f"UPDATE message SET {column} = {column}"))


async def test_a_batch_costs_the_same_statements_whatever_its_size(post: Post) -> None:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(post.worker.engine.sync_engine, "before_cursor_execute", note)
    costs = []
    for size in (1, 500):
        await handle(post, [signed_up(new_id()) for _ in range(size)] + [registered(new_id()) for _ in range(size)])
        async with post.worker.transaction() as tx:
            records = [StateRecord(DISTRICT, str(new_id()), b"sealed") for _ in range(size)]
            erased = [StateRecord(DISTRICT, str(new_id()), None) for _ in range(size)]
            await keep_contacts(tx, records + erased)
        costs.append(len(statements))
        statements.clear()
    assert costs == [5, 5]
    assert len(await post.rows("SELECT 1 FROM delivery")) == 2 * 1002
