"""Mails that have failed for good are sent again by an operator, once the cause is mended."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import text

from services.notifications.deliveries.mailer import ENDINGS
from services.notifications.deliveries.sending_again import sending_again_work
from services.notifications.messages.domain import EVERYWHERE, Message, Template
from shared.contracts.calendar import district_day
from shared.messaging.fault_kinds import is_transient
from shared.store.event_log import new_id
from shared.work.worker import Worker
from tests.integration.notifications.conftest import DISTRICT, AsCaller, Post, enter
from tests.integration.notifications.deliveries.test_mailer import queue

REFUSED = "554 5.7.1 {address}: the sender is not allowed"
MENDED = {"reason": "发件地址已改正"}


def operator_of(as_caller: AsCaller, district: str = DISTRICT) -> httpx.AsyncClient:
    client = as_caller(None, role="operator", district="*")
    client.headers["X-District"] = district
    return client


async def carry_out(post: Post) -> None:
    """Have the orders carried out, as the service's worker does."""
    async with asyncio.TaskGroup() as tasks:
        await Worker(post.worker, [sending_again_work()], ENDINGS, is_transient)._claim(tasks)


async def fail(post: Post, mails: int, **contact: str) -> list[UUID]:
    """Queue mails that the server refuses for good; return their events."""
    post.server.answers = [REFUSED] * mails
    events = await queue(post, mails=mails, **contact)
    await post.work_off()
    return events


def lately() -> dict[str, str]:
    """Return a form that names yesterday and today."""
    day = district_day(datetime.now(UTC))
    return {"first_day": (day - timedelta(days=1)).isoformat(), "last_day": day.isoformat(), **MENDED}


async def order_all(client: httpx.AsyncClient, **form: str) -> tuple[int, Any]:
    answer = await client.post("/v1/deliveries/sending-again", json=form, headers={"Idempotency-Key": str(uuid4())})
    return answer.status_code, answer.json()


async def order(client: httpx.AsyncClient, delivery_id: object, **form: str) -> tuple[int, Any]:
    path = f"/v1/deliveries/{delivery_id}/sending-again"
    answer = await client.post(path, json=form or MENDED, headers={"Idempotency-Key": str(uuid4())})
    return answer.status_code, answer.json()


async def test_all_that_failed_in_a_period_is_sent_again_and_nothing_that_was_sent_is_sent_twice(
    post: Post, as_caller: AsCaller
) -> None:
    await queue(post)
    await post.work_off()
    await fail(post, 2)
    assert await post.mail_states() == [("sent", None), *[("undeliverable", "smtp_554")] * 2]
    client = operator_of(as_caller)
    assert await order_all(client, **lately()) == (202, {"failed": 2})
    await carry_out(post)
    assert await post.mail_states() == [*[("queued", None)] * 2, ("sent", None)]
    await post.work_off()
    assert await post.mail_states() == [("sent", None)] * 3
    assert len(post.server.mails) == 3
    assert await order_all(client, **lately()) == (202, {"failed": 0})
    told = await post.rows(
        "SELECT split_part(type, '.', 4) AS name, aggregate_version AS number, data, caused_by FROM event_log e "
        "WHERE aggregate_id IN (SELECT aggregate_id FROM event_log WHERE type LIKE '%MessageSentAgain%') "
        "ORDER BY aggregate_id, number"
    )
    assert [(row.name, row.number) for row in told] == [
        ("MessageUndeliverable", 1),
        ("MessageSentAgain", 2),
        ("MessageDelivered", 3),
    ] * 2
    assert {(row.data["reason"], row.caused_by.partition(":")[0]) for row in told if row.number == 2} == {
        (MENDED["reason"], "account")
    }


async def test_another_period_and_another_district_are_left_alone(post: Post, as_caller: AsCaller) -> None:
    await fail(post, 1)
    client = operator_of(as_caller)
    assert await order_all(client, **lately() | {"first_day": "2026-01-01", "last_day": "2026-01-31"}) == (
        202,
        {"failed": 0},
    )
    assert await order_all(operator_of(as_caller, "510104"), **lately()) == (202, {"failed": 0})
    status, refused = await order_all(client, first_day="2026-02-01", last_day="2026-01-31", reason=" ")
    assert (status, {(one["field"], one["code"]) for one in refused["faults"]}) == (
        422,
        {("reason", "missing"), ("last_day", "end_before_start")},
    )
    await carry_out(post)
    assert await post.mail_states() == [("undeliverable", "smtp_554")]


async def test_one_message_is_sent_again_as_often_as_it_fails_and_once_it_is_sent_no_more(
    post: Post, as_caller: AsCaller
) -> None:
    await fail(post, 1)
    client = operator_of(as_caller)
    [listed] = (await client.get("/v1/deliveries/failed")).json()["items"]
    assert (listed["template"], listed["reason"], listed["too_late"]) == ("sign_up_confirmed", "smtp_554", False)
    assert "ann@example.org" not in str(listed)
    for _ in range(2):
        post.server.answers = [REFUSED]
        assert await order(client, listed["id"]) == (202, {"failed": 1})
        await carry_out(post)
        await post.work_off()
        assert await post.mail_states() == [("undeliverable", "smtp_554")]
    assert await order(client, listed["id"]) == (202, {"failed": 1})
    await carry_out(post)
    await post.work_off()
    assert await post.mail_states() == [("sent", None)]
    status, refused = await order(client, listed["id"])
    assert (status, refused["faults"][0]["code"]) == (409, "not_open")
    assert (await order(client, uuid4()))[0] == 404
    numbers = await post.rows(
        "SELECT aggregate_version AS number FROM event_log WHERE aggregate_id = :id ORDER BY 1", id=UUID(listed["id"])
    )
    assert [row.number for row in numbers] == [1, 2, 3, 4, 5, 6, 7]


async def test_an_order_that_is_given_twice_sends_once(post: Post, as_caller: AsCaller) -> None:
    await fail(post, 1)
    client = operator_of(as_caller)
    for _ in range(2):
        assert (await order_all(client, **lately()))[0] == 202
    await carry_out(post)
    await carry_out(post)
    await post.work_off()
    await carry_out(post)
    await post.work_off()
    assert await post.mail_states() == [("sent", None)]
    assert len(post.server.mails) == 1


async def test_what_a_dying_mailer_may_have_sent_and_what_an_operator_cancelled_is_not_sent_again(
    post: Post, as_caller: AsCaller
) -> None:
    await fail(post, 2)
    async with post.worker.transaction() as tx:
        await tx.execute(
            text("""
                UPDATE delivery SET state = 'uncertain', reason = 'interrupted'
                WHERE id = (SELECT id FROM delivery WHERE channel = 'email' ORDER BY id LIMIT 1)
            """)
        )
        await tx.execute(text("UPDATE delivery SET reason = 'cancelled' WHERE state = 'undeliverable'"))
    assert await order_all(operator_of(as_caller), **lately()) == (202, {"failed": 0})


async def test_what_its_time_has_passed_for_is_not_sent(post: Post, as_caller: AsCaller) -> None:
    at = datetime.now(UTC)
    facts = {"activity_title": "陪伴阅读", "starts_at": (at - timedelta(hours=1)).isoformat()}
    told = Message(DISTRICT, new_id(), new_id(), Template.SIGN_UP_CONFIRMED, facts, at - timedelta(hours=3), EVERYWHERE)
    await enter(post, [told])
    async with post.worker.transaction() as tx:
        await tx.execute(text("UPDATE delivery SET state = 'undeliverable' WHERE channel = 'email'"))
        await tx.execute(text("DELETE FROM work"))
    client = operator_of(as_caller)
    [listed] = (await client.get("/v1/deliveries/failed")).json()["items"]
    assert listed["too_late"] is True
    status, refused = await order(client, listed["id"])
    assert (status, refused["faults"][0]["code"]) == (422, "too_late")
    assert (await order_all(client, **lately()))[0] == 202
    await carry_out(post)
    assert await post.mail_states() == [("undeliverable", None)]


async def test_operators_alone_send_again(post: Post, as_caller: AsCaller) -> None:
    await fail(post, 1)
    for role in ("district_admin", "auditor"):
        client = as_caller(None, role=role)
        assert (await order_all(client, **lately()))[0] == 403
        assert (await client.get("/v1/deliveries/failed")).status_code == 403
