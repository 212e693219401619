"""Row 58: what a minor is told goes to their guardian too, by text message, for as long as the guardian agrees."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from services.notifications.deliveries.texting import ENDINGS, guardian_text_work
from services.notifications.messages.domain import EVERYWHERE, Message, Template
from shared.contracts import VolunteerErased
from shared.contracts.topics import CONTACT, guardian_key
from shared.messaging.fault_kinds import is_transient
from shared.ops.sms import NoSms, Sms, SmsFile
from shared.store.event_log import new_id
from shared.work.worker import Worker
from tests.integration.notifications.conftest import (
    DISTRICT,
    AsCaller,
    Post,
    enter,
    handle,
    know,
    received,
    registered,
    signed_up,
)
from tests.support.eventually import eventually, running

PHONE, NUMBER = "17011110001", "51011500000007"


def texts(file: Path) -> list[tuple[str, str]]:
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [(line["to"], line["text"]) for line in map(json.loads, lines)]


async def work_off(post: Post, sms: Sms) -> None:
    """Have the guardians' texts that are due handed over, once."""
    worker = Worker(post.worker, [guardian_text_work(sms, post.key.private_bytes_raw())], ENDINGS, is_transient)
    async with asyncio.TaskGroup() as tasks:
        await worker._claim(tasks)


async def states(post: Post) -> list[tuple[str, str | None]]:
    rows = await post.rows("SELECT state, reason FROM delivery WHERE channel = 'guardian_sms' ORDER BY state, reason")
    return [(row.state, row.reason) for row in rows]


@pytest.mark.row(58)
async def test_a_guardian_is_told_by_text_what_the_minor_is_told_and_nobody_else_s_guardian_is(
    post: Post, tmp_path: Path
) -> None:
    minor, grown = new_id(), new_id()
    await know(post, minor, name="小雨", email="", language="zh-CN")
    await know(post, guardian_key(minor), phone=PHONE, number=NUMBER, language="zh-CN")
    event = signed_up(minor)
    await handle(post, [event, signed_up(grown)])
    await handle(post, [event])  # told again, it is nothing new
    await work_off(post, SmsFile(tmp_path / "sms"))
    [(to, said)] = texts(tmp_path / "sms")
    assert to == PHONE
    assert NUMBER in said
    assert "陪伴阅读" in said
    assert "小雨" not in said
    assert await states(post) == [("sent", None)]
    assert await post.rows("SELECT 1 FROM work WHERE kind = 'guardian_text'") == []
    await work_off(post, SmsFile(tmp_path / "sms"))
    assert len(texts(tmp_path / "sms")) == 1


@pytest.mark.row(58)
async def test_a_withdrawn_consent_stops_texts_at_once_also_those_that_wait_and_the_minor_s_inbox_stays(
    post: Post, as_caller: AsCaller, tmp_path: Path
) -> None:
    minor = new_id()
    async with running(post.consumer().run):
        await post.publish_contact(guardian_key(minor), phone=PHONE, number=NUMBER, language="en")
        assert await eventually(post.has_read_all)
        await handle(post, [registered(minor)])  # its text waits
        await post.publish_contact(guardian_key(minor))  # the tombstone that registry puts
        assert await eventually(post.has_read_all)
    await handle(post, [signed_up(minor)])
    await work_off(post, SmsFile(tmp_path / "sms"))
    assert texts(tmp_path / "sms") == []
    assert await states(post) == [("withheld", "no_consent")]
    assert (await as_caller(minor).get("/v1/me/messages")).json()["unread"] == 2


@pytest.mark.row(58)
async def test_a_text_waits_for_a_gateway_that_is_away_and_a_reminder_does_not_come_too_late(
    post: Post, as_caller: AsCaller, tmp_path: Path
) -> None:
    minor = new_id()
    await know(post, guardian_key(minor), phone=PHONE, number=NUMBER, language="en")
    await handle(post, [registered(minor)])
    begun = datetime.now(UTC) - timedelta(minutes=5)
    facts = {"activity_title": "Tea", "starts_at": begun.isoformat()}
    await enter(post, [Message(DISTRICT, uuid4(), minor, Template.SHIFT_REMINDER, facts, begun, EVERYWHERE)])
    await work_off(post, NoSms())
    assert await states(post) == [("queued", None), ("withheld", "too_late")]
    async with post.worker.transaction() as tx:
        await tx.exec_driver_sql("UPDATE work SET due_at = now() WHERE kind = 'guardian_text'")
    await work_off(post, SmsFile(tmp_path / "sms"))
    [(_, said)] = texts(tmp_path / "sms")
    assert "Withdraw a guardian's consent" in said
    counted = (await as_caller(None, role="district_admin").get("/v1/deliveries/summary")).json()
    assert {(each["channel"], each["state"]) for each in counted} >= {("guardian_sms", "sent")}


@pytest.mark.row(58)
async def test_a_guardian_s_contact_that_waits_for_an_operator_is_forgotten_with_the_minor(post: Post) -> None:
    minor = new_id()
    sealed = post.sealed(guardian_key(minor), phone=PHONE, number=NUMBER)
    topic, key = post.prefix + CONTACT.name, str(guardian_key(minor)).encode()
    await post.producer.send_and_wait(topic, sealed, key)  # no header says of which district
    async with running(post.consumer().run):
        await eventually(lambda: post.rows("SELECT 1 FROM dead_letter WHERE value IS NOT NULL"))
    await handle(post, [received(VolunteerErased(volunteer_id=minor, erased_at=datetime.now(UTC)), minor)])
    assert [row.value for row in await post.rows("SELECT value FROM dead_letter")] == [None]
