"""Limits hold for a service, however many processes of it run, and no request waits for that or writes."""

from collections.abc import AsyncIterator

import pytest
from limits import RateLimitItemPerMinute
from sqlalchemy import Engine, event, text

from shared.http.problems import ProblemError
from shared.http.rate_sharing import exchange, sharing
from shared.http.rates import Rates
from shared.store.engine import Store
from tests.support.eventually import eventually
from tests.support.infrastructure import ServiceDatabase

LIMIT = RateLimitItemPerMinute(10, multiples=60, namespace="test")


@pytest.fixture(scope="module")
async def store(service_database: ServiceDatabase) -> AsyncIterator[Store]:
    urls = await service_database("registry")
    async with Store(urls.api) as store:
        yield store


def tries_let_through(rates: Rates, name: str) -> int:
    for tries in range(100):
        try:
            rates.count(LIMIT, "user_name", name)
        except ProblemError:
            return tries
    raise AssertionError("no limit")


async def test_what_one_process_has_counted_counts_for_the_others(store: Store) -> None:
    first, second = Rates(), Rates()
    for _ in range(6):
        first.count(LIMIT, "user_name", "li")
    second.count(LIMIT, "user_name", "li")
    await exchange(first, store)
    await exchange(second, store)  # puts its own on file, and learns of the first one's
    assert tries_let_through(second, "li") == 3
    await exchange(second, store)
    assert not first.used_up(LIMIT, "li")  # it has not heard yet, and asks
    await exchange(first, store)
    assert first.used_up(LIMIT, "li")
    assert tries_let_through(second, "wang") == 10


async def test_a_right_password_begins_anew_in_all_of_them(store: Store) -> None:
    first, second = Rates(), Rates()
    assert tries_let_through(first, "zhao") == 10
    await exchange(first, store)
    assert not second.used_up(LIMIT, "zhao")
    await exchange(second, store)
    assert second.used_up(LIMIT, "zhao")
    second.forget(LIMIT, "zhao")
    second.note(LIMIT, "zhao")
    await exchange(second, store)
    assert first.used_up(LIMIT, "zhao")
    await exchange(first, store)
    assert tries_let_through(first, "zhao") == 9


async def test_a_thousand_guesses_are_one_statement_and_none_is_anybody_s_name(store: Store) -> None:
    rates, statements = Rates(), []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    for guess in range(1000):
        rates.note(LIMIT, f"guessed-at.{guess % 50}", "203.0.113.9")
    assert statements == []
    await exchange(rates, store)
    event.remove(Engine, "before_cursor_execute", note)
    assert len(statements) == 1
    async with store.transaction() as tx:
        rows = (await tx.execute(text("SELECT tries, attempt::text AS row FROM attempt WHERE tries = 20"))).all()
    assert len(rows) == 50
    assert not any("guessed-at" in row.row or "203.0.113.9" in row.row for row in rows)


async def test_a_process_shares_while_it_runs_and_at_its_end_and_a_restart_forgives_nothing(store: Store) -> None:
    first = Rates()
    async with sharing(first, store):
        for _ in range(4):
            first.count(LIMIT, "user_name", "sun")

        async def is_shared() -> bool:
            return await on_file(store, "sun") == 4

        assert await eventually(is_shared)
        for _ in range(6):
            first.count(LIMIT, "user_name", "sun")
    restarted = Rates()
    assert not restarted.used_up(LIMIT, "sun")
    await exchange(restarted, store)
    assert restarted.used_up(LIMIT, "sun")


async def on_file(store: Store, name: str) -> int:
    asking = Rates()
    asking.used_up(LIMIT, name)
    await exchange(asking, store)
    return sum(tally.on_file for tally in asking.tallies.values())


async def test_without_a_database_each_goes_on_by_its_own_count_and_shares_it_later(store: Store) -> None:
    rates = Rates()
    assert tries_let_through(rates, "qian") == 10
    async with Store("postgresql://nobody@127.0.0.1:1/nothing") as away:
        with pytest.raises(OSError, match="Connect call failed"):
            await exchange(rates, away)
    assert rates.used_up(LIMIT, "qian")
    await exchange(rates, store)
    assert await on_file(store, "qian") == 10
