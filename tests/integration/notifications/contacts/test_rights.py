"""Who may see contacts."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.integration.notifications.conftest import DISTRICT, Post


async def test_the_api_sees_no_contacts(post: Post) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with post.api.transaction(DISTRICT) as tx:
            await tx.execute(text("SELECT 1 FROM contact"))
