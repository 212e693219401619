"""One-time codes: six digits, once, for five minutes and five tries; one a minute and five a day; for whoever asks."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, text

from services.registry.people.domain.privacy import KeyRing
from tests.integration.registry.conftest import Registry
from tests.integration.registry.self_service.test_registration import PASSWORD, person

REGISTERED = person(140)


@pytest.fixture(scope="module")
async def known(registry: Registry) -> str:
    """Somebody who is registered; returns the number."""
    return str((await registry.register_self(REGISTERED)).json()["volunteer_number"])


async def let_time_pass(registry: Registry, passed: timedelta) -> None:
    async with registry.api.transaction() as tx:
        await tx.execute(text("UPDATE one_time_code SET made_at = made_at - CAST(:by AS interval)"), {"by": passed})


async def reset(registry: Registry, user_name: str, code: str, password: str = "the next password") -> tuple[int, str]:
    answer = await registry.http.post(
        "/v1/password-resets", json={"user_name": user_name, "code": code, "new_password": password}
    )
    return answer.status_code, answer.json()["faults"][0]["code"] if answer.content else ""


async def test_the_answer_is_the_same_whether_or_not_somebody_is_known_and_so_is_the_work(
    registry: Registry, known: str
) -> None:
    await let_time_pass(registry, timedelta(minutes=2))
    answers, work = [], []
    for to, user_name in (
        (REGISTERED["phone"], known),
        ("17000000001", "nobody.here"),
        ("17000000002", known),  # a phone that is not theirs
        ("17000000003", "admin.510115"),  # staff, who have no phone on file
    ):
        with statements() as done:
            answers.append(await registry.ask_for_code(to, "password_reset", user_name=user_name))
        work.append(done)
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, b'{"expires_in":300,"again_in":60}')}
    assert work[1] == work[0] == work[2] == work[3]
    await registry.next_text(REGISTERED["phone"], 1)
    assert [registry.texts_to(f"1700000000{last}") for last in (1, 2, 3)] == [[], [], []]


@contextmanager
def statements() -> Iterator[list[str]]:
    """Note what a request does; the worker's own statements are told by their table."""
    done: list[str] = []
    task = asyncio.current_task()

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if asyncio.current_task() is task and "attempt" not in statement:
            done.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield done
    event.remove(Engine, "before_cursor_execute", note)


async def test_one_a_minute_and_five_a_day_go_to_a_phone_whatever_for_and_however_it_is_written(
    registry: Registry,
) -> None:
    phone = "17000000010"
    both = await asyncio.gather(*(registry.ask_for_code(phone) for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [202, 429]
    for again in (
        await registry.ask_for_code("+86 170-0000-0010"),
        await registry.ask_for_code(phone, "password_reset", user_name="nobody.here"),
    ):
        assert (again.status_code, again.json()["faults"][0]["field"]) == (429, "to")
        assert 1 <= int(again.headers["Retry-After"]) <= 60
    for _ in range(4):
        await let_time_pass(registry, timedelta(minutes=2))
        assert (await registry.ask_for_code(phone, "contact")).status_code == 202
    await let_time_pass(registry, timedelta(minutes=2))
    sixth = await registry.ask_for_code(phone)
    assert sixth.status_code == 429
    assert 23 * 3600 < int(sixth.headers["Retry-After"]) <= 24 * 3600
    await let_time_pass(registry, timedelta(days=1))
    assert (await registry.ask_for_code(phone)).status_code == 202


@pytest.mark.parametrize("to", ["", "170", "1700000001x", "@example.org", "a@b"])
async def test_what_is_no_phone_and_no_address_is_refused(registry: Registry, to: str) -> None:
    refused = await registry.ask_for_code(to, "contact")
    assert (refused.status_code, refused.json()["faults"][0]["field"]) == (422, "to")


async def test_registering_takes_a_phone(registry: Registry) -> None:
    refused = await registry.ask_for_code("somebody@example.org", "register")
    assert refused.json()["faults"][0]["field"] == "channel"


async def test_five_wrong_tries_end_a_code_and_many_at_once_are_no_more(registry: Registry, known: str) -> None:
    await let_time_pass(registry, timedelta(days=1))
    code = await registry.code(REGISTERED["phone"], "password_reset", user_name=known)
    wrong = [f"{(int(code) + step) % 1_000_000:06d}" for step in range(1, 9)]
    answers = await asyncio.gather(*(reset(registry, known, guess) for guess in wrong))
    assert set(answers) == {(422, "wrong_code")}
    assert await reset(registry, known, code) == (422, "wrong_code")
    [row] = await registry.rows("SELECT max(wrong_tries) AS most FROM one_time_code")
    assert row.most == 5
    await registry.log_in(known, PASSWORD)


async def test_a_code_is_good_for_five_minutes_once_and_for_its_purpose_alone(registry: Registry) -> None:
    somebody = person(141)
    number = (await registry.register_self(somebody)).json()["volunteer_number"]
    for passed, purpose in ((timedelta(minutes=6), "password_reset"), (timedelta(0), "contact")):
        await let_time_pass(registry, timedelta(minutes=2))
        code = await registry.code(somebody["phone"], purpose, user_name=number)
        await let_time_pass(registry, passed)
        assert await reset(registry, number, code) == (422, "wrong_code")
    await let_time_pass(registry, timedelta(minutes=2))
    old = await registry.code(somebody["phone"], "password_reset", user_name=number)
    await let_time_pass(registry, timedelta(minutes=2))
    code = await registry.code(somebody["phone"], "password_reset", user_name=number)
    assert await reset(registry, number, old) == ((422, "wrong_code") if old != code else (204, ""))
    assert await reset(registry, number, code) == (204, "")
    assert await reset(registry, number, code, "another password") == (422, "wrong_code")
    assert await reset(registry, "nobody.here", code) == (422, "wrong_code")


async def test_nothing_of_a_code_or_a_phone_is_on_file_in_clear(registry: Registry) -> None:
    code, phone = await registry.code("17012345670"), "17012345670"
    for table in ("one_time_code", "work", "attempt", "event_log"):
        async with registry.api.transaction("510115", "*") as tx:
            rows = (await tx.execute(text(f"SELECT t::text FROM {table} t"))).scalars().all()
        for secret in (code, code.encode().hex(), phone, phone.encode().hex()):
            assert not [row for row in rows if secret in row], table


def test_a_code_is_kept_keyed_and_for_one_purpose_and_subject() -> None:
    keys, others = KeyRing(b"m" * 32, b"b" * 32, b"c" * 32), KeyRing(b"m" * 32, b"x" * 32, b"c" * 32)
    kept = keys.code_digest("register", b"1", "123456")
    assert kept != others.code_digest("register", b"1", "123456")
    assert kept not in (keys.code_digest("contact", b"1", "123456"), keys.code_digest("register", b"2", "123456"))
