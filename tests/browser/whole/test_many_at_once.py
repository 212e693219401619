"""A hundred people log in at the same moment: all of them get in, nobody sees an error."""

import asyncio

import httpx
import pytest
from sqlalchemy import make_url, text

from deploy.services import url_name
from shared.store.engine import Store
from tests.support.infrastructure import Infrastructure
from tests.support.system import System

PEOPLE = 100
_COPY = text("""
    WITH copies AS (
        INSERT INTO account (district, id, user_name, password_hash, roles, units, version)
        SELECT a.district, gen_random_uuid(), 'rush.' || n, a.password_hash, a.roles, a.units, 1
        FROM account a, generate_series(1, :people) n WHERE a.user_name = :of
        RETURNING district, id, user_name
    )
    INSERT INTO log_in_name (name, belongs_to, account_id) SELECT user_name, district, id FROM copies
""")


@pytest.fixture
async def names(system: System, infrastructure: Infrastructure) -> list[str]:
    """Accounts with the password of the station's manager."""
    database = make_url(system.database_urls[url_name("registry", "owner")]).database
    address = make_url(infrastructure.admin_url).set(database=database).render_as_string(hide_password=False)
    async with Store(address) as store, store.transaction() as tx:
        copied = await tx.execute(_COPY, {"people": PEOPLE, "of": system.district.manager[0]})
    assert copied.rowcount == PEOPLE
    return [f"rush.{n}" for n in range(1, PEOPLE + 1)]


async def test_a_hundred_people_log_in_at_once_and_nobody_sees_an_error(system: System, names: list[str]) -> None:
    headers = {"Accept": "text/html", "Origin": system.origin}

    async def log_in(name: str) -> tuple[int, str, int, str]:
        """Return how the form was answered, and the page that it led to."""
        async with httpx.AsyncClient(base_url=system.origin, headers=headers, timeout=None) as browser:
            form = {"user_name": name, "password": system.district.manager[1]}
            answer = await browser.post("/log-in", data=form)
            page = await browser.get(answer.headers.get("location", "/"))
        return answer.status_code, answer.headers.get("location", ""), page.status_code, page.url.path

    assert set(await asyncio.gather(*map(log_in, names))) == {(303, "/staff", 200, "/staff")}
