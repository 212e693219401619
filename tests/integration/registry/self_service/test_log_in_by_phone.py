"""Logging in by a code to one's phone: as after a password, and nothing tells a stranger whose phone is on file."""

from datetime import timedelta
from typing import Any

import httpx
import pyotp
import pytest

from tests.integration.registry.conftest import Registry
from tests.integration.registry.self_service.test_codes import let_time_pass, statements
from tests.integration.registry.self_service.test_registration import PASSWORD, person

ALONE, FIRST, SECOND = person(170), person(171), person(172, phone="17000000171")


async def registered(registry: Registry, body: dict[str, Any]) -> str:
    await let_time_pass(registry, timedelta(minutes=2))
    answer = await registry.register_self(body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["volunteer_number"])


@pytest.fixture(scope="module")
async def number(registry: Registry) -> str:
    """The number of somebody whose phone is theirs alone."""
    return await registered(registry, ALONE)


async def code_to(registry: Registry, phone: str) -> str:
    """Return a code to log in by, as the phone shows it."""
    await let_time_pass(registry, timedelta(days=1))
    return await registry.code(phone, "log_in")


async def log_in(registry: Registry, phone: str, phone_code: str, **more: str) -> httpx.Response:
    return await registry.http.post("/v1/tokens/by-phone", json={"phone": phone, "phone_code": phone_code} | more)


def fault(answer: httpx.Response) -> tuple[int, str, str]:
    (found,) = answer.json()["faults"]
    return answer.status_code, found["field"], found["code"]


WRONG = (422, "code", "wrong_code")


async def test_the_holder_of_a_phone_is_logged_in_as_after_a_password(registry: Registry, number: str) -> None:
    answer = await log_in(registry, "+86 170-0000-0170", await code_to(registry, ALONE["phone"]))
    assert answer.status_code == 200, answer.text
    by_password = (await registry.http.post("/v1/tokens", json={"user_name": number, "password": PASSWORD})).json()
    tokens = answer.json()
    assert {name: tokens[name] for name in ("second_factor", "must_change_password")} == {
        "second_factor": "none",
        "must_change_password": False,
    }
    assert abs(tokens["refresh_expires_in"] - by_password["refresh_expires_in"]) <= 1
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert (await registry.http.get("/v1/me", headers=headers)).json()["user_name"] == number
    begun = await registry.http.post("/v1/me/second-factor", headers=headers)  # wants a token that is stepped up
    assert begun.status_code == 200


@pytest.mark.usefixtures("number")
async def test_asking_tells_nobody_whose_phone_is_on_file(registry: Registry) -> None:
    locked = person(173)
    staff = await registered(registry, locked)
    found = await registry.http.get(f"/v1/accounts?query={staff}", headers=registry.admins["510115"])
    (account,) = found.json()["items"]
    reason = {"reason": "left"}
    await registry.http.post(f"/v1/accounts/{account['id']}/lock", json=reason, headers=registry.admins["510115"])
    await let_time_pass(registry, timedelta(days=1))
    answers, work = [], []
    sent_before = len(registry.texts_to(ALONE["phone"]))
    for phone in (ALONE["phone"], "17000009999", locked["phone"]):
        with statements() as done:
            answers.append(await registry.ask_for_code(phone, "log_in"))
        work.append(done)
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, b'{"expires_in":300,"again_in":60}')}
    assert work[0] == work[1] == work[2]
    await registry.next_text(ALONE["phone"], sent_before)
    assert registry.texts_to("17000009999") == []
    assert len(registry.texts_to(locked["phone"])) == 1  # the one that it registered with


@pytest.mark.usefixtures("number")
async def test_a_wrong_code_and_an_unknown_phone_are_answered_alike(registry: Registry) -> None:
    code = await code_to(registry, ALONE["phone"])
    await registry.ask_for_code("17000009998", "log_in")
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    answers = [await log_in(registry, phone, wrong) for phone in (ALONE["phone"], "17000009998", "17000009997")]
    assert [fault(answer) for answer in answers] == [WRONG] * 3
    assert len({answer.content for answer in answers}) == 1
    assert (await log_in(registry, ALONE["phone"], code)).status_code == 200


@pytest.mark.parametrize("wrong", ["used", "late", "guessed", "for a password"])
async def test_a_code_is_good_once_for_five_minutes_five_tries_and_for_logging_in_alone(
    registry: Registry, number: str, wrong: str
) -> None:
    code = await code_to(registry, ALONE["phone"])
    if wrong == "used":
        assert (await log_in(registry, ALONE["phone"], code)).status_code == 200
    elif wrong == "late":
        await let_time_pass(registry, timedelta(minutes=6))
    elif wrong == "guessed":
        for step in range(1, 6):
            guess = f"{(int(code) + step) % 1_000_000:06d}"
            assert fault(await log_in(registry, ALONE["phone"], guess)) == WRONG
    else:
        await let_time_pass(registry, timedelta(days=1))
        code = await registry.code(ALONE["phone"], "password_reset", user_name=number)
    assert fault(await log_in(registry, ALONE["phone"], code)) == WRONG


async def test_who_shares_a_phone_is_asked_for_the_number_and_told_so_with_the_right_code_alone(
    registry: Registry, number: str
) -> None:
    numbers = [await registered(registry, body) for body in (FIRST, SECOND)]
    code = await code_to(registry, FIRST["phone"])
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    assert fault(await log_in(registry, FIRST["phone"], wrong)) == WRONG
    assert fault(await log_in(registry, FIRST["phone"], code)) == (422, "user_name", "missing")
    for other in (number, "nobody.here"):
        refused = await log_in(registry, FIRST["phone"], code, user_name=other)
        assert fault(refused) == (404, "user_name", "not_found")
    tokens = (await log_in(registry, FIRST["phone"], code, user_name=f" {numbers[1]}")).json()
    me = await registry.http.get("/v1/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert me.json()["user_name"] == numbers[1]
    assert fault(await log_in(registry, FIRST["phone"], code, user_name=numbers[0])) == WRONG


async def test_a_second_factor_is_asked_for_and_the_code_stays_good_meanwhile(registry: Registry) -> None:
    careful = person(174)
    name = await registered(registry, careful)
    owner = await registry.log_in(name, PASSWORD)
    secret = (await registry.http.post("/v1/me/second-factor", headers=owner)).json()["secret"]
    form = {"code": pyotp.TOTP(secret).now()}
    confirmed = await registry.http.post("/v1/me/second-factor/confirm", json=form, headers=owner)
    code = await code_to(registry, careful["phone"])
    assert fault(await log_in(registry, careful["phone"], code)) == (401, "code", "second_factor")
    wrong = await log_in(registry, careful["phone"], code, code="000000")
    assert fault(wrong) == (401, "code", "second_factor")
    answer = await log_in(registry, careful["phone"], code, code=confirmed.json()["recovery_codes"][0])
    assert answer.json()["second_factor"] == "done"


async def test_one_log_in_page_serves_every_district(registry: Registry) -> None:
    await registry.open("510116", reference=False)
    somebody = person(175, district="510116")
    name = await registered(registry, somebody)
    tokens = (await log_in(registry, somebody["phone"], await code_to(registry, somebody["phone"]))).json()
    me = await registry.http.get("/v1/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert (me.json()["user_name"], me.json()["district"]) == (name, "510116")


async def test_it_takes_a_phone_and_not_a_mailbox(registry: Registry) -> None:
    refused = await registry.ask_for_code("somebody@example.org", "log_in")
    assert refused.json()["faults"][0]["field"] == "channel"
    assert fault(await log_in(registry, "nobody", "123456")) == (422, "phone", "format")


async def test_the_eleventh_try_at_a_phone_has_to_wait(registry: Registry) -> None:
    answers = [await log_in(registry, "17000009996", "123456") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [422] * 10 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
