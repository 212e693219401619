"""What the api may do to a message."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.integration.notifications.conftest import DISTRICT, Post


@pytest.mark.parametrize("column", ["facts", "recipient_id"])
async def test_the_api_can_mark_a_message_read_and_nothing_else(post: Post, column: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with post.api.transaction(DISTRICT) as tx:
            await tx.execute(text(f"UPDATE message SET {column} = {column}"))
