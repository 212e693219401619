"""What holds for every service alike: schema, rights, row-level security, errors, tokens, health."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from shared.contracts import EventLogRepublished
from shared.service.app import build_app
from shared.service.service import Service
from shared.store.engine import Store
from shared.store.event_log import NewEvent, append, new_id
from tests.support.infrastructure import NEXT_COLUMN, Urls
from tests.support.services import tables
from tests.support.tally import DISTRICT, service_logged

PLATFORM_WIDE = {"rule_set": {"platform"}}
"""Tables whose platform-wide rows every district may read, by a policy of that name."""
KIT_TABLES = {
    "alembic_version",
    "event_log",
    "outbox",
    "consumer_offset",
    "inbox",
    "dead_letter",
    "idempotency_key",
    "import_file",
    "import_job",
    "key_check",
    "import_verdict",
    "projection_comparison",
    "work",
    "subscription",
    "installation",
    "missing_event_count",
    "attempt",
    "revocation",
    "comparison_seal",
    "observation",
}


@pytest.fixture(scope="module")
async def client(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    app = build_app(service)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        yield http


async def owner_rows(urls: Urls, query: str) -> list[Any]:
    store = Store(urls.owner)
    async with store.transaction() as tx:
        rows = list((await tx.execute(text(query))).all())
    await store.close()
    return rows


async def test_the_migrations_make_what_the_tables_module_says(name: str, urls: Urls) -> None:
    said = tables(name)

    def compare(connection: Connection) -> None:
        found = inspect(connection)
        assert set(found.get_table_names()) - KIT_TABLES == set(said)
        for table in said.values():
            there = found.get_columns(table.name)
            columns = {column["name"]: column for column in there if column["name"] != NEXT_COLUMN}
            assert list(columns) == [column.name for column in table.columns]
            for column in table.columns:
                made = columns[column.name]
                assert (made["nullable"], made["type"].compile(connection.dialect)) == (
                    column.nullable,
                    column.type.compile(connection.dialect),
                ), f"{table.name}.{column.name}"
            key = [column.name for column in table.primary_key]
            assert found.get_pk_constraint(table.name)["constrained_columns"] == key

    store = Store(urls.owner)
    async with store.transaction() as tx:
        await tx.run_sync(compare)
    await store.close()


async def test_every_table_with_a_district_forces_row_level_security_for_both_roles(urls: Urls) -> None:
    rows = await owner_rows(
        urls,
        """
        SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS forced,
               ARRAY(SELECT polname::text FROM pg_policy p WHERE p.polrelid = c.oid AND p.polpermissive) AS policies,
               (SELECT attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
                WHERE i.indrelid = c.oid AND i.indisprimary) AS leads
        FROM pg_class c
        WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
          AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'district')
        """,
    )
    assert len(rows) > len(KIT_TABLES) - 9
    for row in rows:
        assert row.forced, row.relname
        expected = {"own_districts", "every_district"} | PLATFORM_WIDE.get(row.relname, set())
        assert set(row.policies) <= expected, row.relname
        assert row.policies, row.relname
        assert row.leads == "district" or row.relname in {"outbox", "projection_comparison", "missing_event_count"}, (
            row.relname
        )


async def test_the_services_roles_own_nothing_and_cannot_bypass_row_level_security(name: str, urls: Urls) -> None:
    roles = await owner_rows(
        urls,
        f"""
        SELECT rolname, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole,
               (SELECT count(*) FROM pg_class WHERE relowner = r.oid) AS owned
        FROM pg_roles r WHERE rolname IN ('{name}_api', '{name}_worker')
        """,
    )
    assert len(roles) == 2
    assert not any(any(row[1:]) for row in roles)


async def test_neither_role_may_change_the_schema_or_become_somebody_else(name: str, urls: Urls) -> None:
    rights = await owner_rows(
        urls,
        f"""
        SELECT rolname, has_schema_privilege(rolname, 'public', 'CREATE'),
               has_database_privilege(rolname, current_database(), 'CREATE'),
               rolname LIKE '%_api' AND has_database_privilege(rolname, current_database(), 'TEMPORARY'),
               EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid),
               has_table_privilege(rolname, 'event_log', 'TRUNCATE, TRIGGER, REFERENCES')
        FROM pg_roles r WHERE rolname IN ('{name}_api', '{name}_worker')
        """,
    )
    assert not any(any(row[1:]) for row in rights), rights
    for url in (urls.api, urls.worker):
        store = Store(url)
        for ddl in ("CREATE TABLE mine (id int)", "CREATE SCHEMA mine"):
            with pytest.raises(DBAPIError, match="permission denied"):
                async with store.transaction(DISTRICT) as tx:
                    await tx.execute(text(ddl))
        with pytest.raises(DBAPIError, match="must be owner"):
            async with store.transaction(DISTRICT) as tx:
                await tx.execute(text("ALTER TABLE event_log DISABLE ROW LEVEL SECURITY"))
        await store.close()


async def test_without_a_district_the_api_role_gets_an_error_from_every_table_not_an_empty_answer(
    name: str, urls: Urls
) -> None:
    tables = await owner_rows(
        urls,
        f"""
        SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'district'
        WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
          AND has_any_column_privilege('{name}_api', c.oid, 'SELECT')
        """,
    )
    assert len(tables) > 3
    api = Store(urls.api)
    for (table,) in tables:
        with pytest.raises(DBAPIError, match="no district is set"):
            async with api.transaction() as tx:
                await tx.execute(text(f"SELECT * FROM {table}"))
    await api.close()


@pytest.mark.row(59)
async def test_the_api_role_sees_and_writes_its_own_district_alone(urls: Urls) -> None:
    store = Store(urls.api)
    async with store.transaction(DISTRICT) as tx:
        await append(tx, [service_logged(new_id())])
    async with store.transaction("510116") as tx:
        assert await tx.scalar(text("SELECT count(*) FROM event_log")) == 0
    with pytest.raises(DBAPIError, match="row-level security"):
        async with store.transaction("510116") as tx:
            await append(tx, [service_logged(new_id())])
    await store.close()


@pytest.mark.parametrize("change", ["UPDATE event_log SET type = 'x'", "DELETE FROM event_log", "TRUNCATE event_log"])
async def test_nobody_changes_the_event_log_not_even_its_owner(urls: Urls, change: str) -> None:
    for url in (urls.api, urls.worker, urls.owner):
        store = Store(url)
        with pytest.raises(DBAPIError, match=r"permission denied|append-only|no district"):
            async with store.transaction(DISTRICT) as tx:
                await tx.execute(text(change))
        await store.close()


async def test_what_is_not_there_is_a_problem_in_the_callers_language(client: httpx.AsyncClient) -> None:
    chinese = await client.get("/v1/no-such-thing")
    english = await client.get("/v1/no-such-thing", headers={"Accept-Language": "en-GB,en;q=0.9"})
    assert (chinese.status_code, chinese.headers["content-type"]) == (404, "application/problem+json")
    assert chinese.json() == {"type": "/problems/not-found", "title": "没有找到", "status": 404}
    assert english.json()["title"] == "Not found"


async def test_metrics_name_the_route_and_never_who_called_it(client: httpx.AsyncClient) -> None:
    secret = str(new_id())
    await client.get(f"/v1/volunteers/{secret}?query={secret}")
    metrics = (await client.get("/metrics")).text
    assert "http_request_seconds_count" in metrics
    assert secret not in metrics


async def test_a_process_whose_database_answers_is_ready(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health/ready")).json() == {"ready": True, "waiting": []}
    assert (await client.get("/health/live")).json() == {"live": True, "stale": []}


async def test_an_officer_of_several_districts_sees_those_and_no_other(urls: Urls) -> None:
    worker, api = Store(urls.worker), Store(urls.api)
    codes = ["990001", "990002", "990003"]
    async with worker.transaction() as tx:
        await append(tx, [_action(district) for district in codes])
    seen = text("SELECT district FROM event_log WHERE district = ANY(CAST(:codes AS text[])) ORDER BY district")
    for scope in (codes[:1], codes[:2]):
        async with api.transaction(*scope) as tx:
            assert (await tx.scalars(seen, {"codes": codes})).all() == scope
    with pytest.raises(DBAPIError, match="row-level security"):
        async with api.transaction(*codes[:2]) as tx:
            await append(tx, [_action(codes[2])])
    await worker.close()
    await api.close()


def _action(district: str) -> NewEvent:
    action = EventLogRepublished(action_id=new_id(), service="test", events=0, positions=0)
    return NewEvent(district, action.action_id, 1, action, "operator:test")
