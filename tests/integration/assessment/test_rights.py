"""Who may do what with the tables: the ledger is append-only, rules are read, districts are apart."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.store.engine import Store
from shared.store.event_log import new_id
from tests.integration.assessment.core import Core
from tests.integration.assessment.events import DISTRICT, OTHER_DISTRICT, logged


@pytest.mark.parametrize("change", ["UPDATE ledger_entry SET minutes = 1", "DELETE FROM ledger_entry"])
async def test_no_role_of_the_service_changes_an_entry(core: Core, change: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        await core.rows(change)


@pytest.mark.parametrize(
    "change", ["UPDATE ledger_entry SET minutes = 1", "DELETE FROM ledger_entry", "TRUNCATE ledger_entry"]
)
@pytest.mark.row(41)
async def test_not_even_the_owner_changes_an_entry(core: Core, change: str) -> None:
    await core.handle(logged(new_id()))
    with pytest.raises(DBAPIError, match="append-only"):
        await core.as_owner(change)


@pytest.mark.parametrize("table", ["ledger_entry", "volunteer_hours", "award", "import_progress", "rule_set"])
async def test_the_api_writes_nothing(core: Core, table: str) -> None:
    api = Store(core.urls.api)
    try:
        with pytest.raises(DBAPIError, match="permission denied"):
            async with api.transaction(DISTRICT) as tx:
                await tx.execute(text(f"INSERT INTO {table} SELECT * FROM {table}"))
    finally:
        await api.close()


async def test_the_api_sees_its_district_and_the_platform_s_rules(core: Core) -> None:
    await core.handle(logged(new_id()), logged(new_id(), district=OTHER_DISTRICT))
    api = Store(core.urls.api)
    try:
        async with api.transaction(OTHER_DISTRICT) as tx:
            districts = set((await tx.execute(text("SELECT district FROM ledger_entry"))).scalars())
            rules = set((await tx.execute(text("SELECT name FROM rule_set"))).scalars())
    finally:
        await api.close()
    assert districts == {OTHER_DISTRICT}
    assert rules == {"default/2025.1"}
