"""From an event on Kafka to the inbox and the mail."""

from dataclasses import replace
from uuid import uuid4

import pytest

from services.notifications.deliveries import projections
from services.notifications.messages.domain import Message, messages_about
from shared.contracts import Event, StarLevelReached
from shared.contracts.received import Received
from shared.store.event_log import new_id
from tests.integration.notifications.conftest import Post, handle, know, received, registered, signed_up
from tests.support.eventually import eventually, running


async def test_an_event_is_mailed_once_however_often_it_is_delivered(post: Post) -> None:
    volunteer = new_id()
    event = signed_up(volunteer)
    await post.publish_contact(volunteer, name="张小明", phone="1", email="zhang@example.org", language="zh-CN")
    await post.publish(event, event)
    async with running(post.consumer().run), running(post.mailer().run):

        async def a_mail() -> bool:
            return await post.has_read_all() and bool(post.server.mails) and await post.settled()

        await eventually(a_mail)
        last = registered(volunteer)
        await post.publish(event, last)

        async def the_last_is_mailed() -> bool:
            numbered = any("编号" in mail.get_content() for mail in post.server.mails)
            return await post.has_read_all() and numbered and await post.settled()

        await eventually(the_last_is_mailed)

    assert len(post.server.mails) == 2
    mail = post.server.mails[0]
    assert mail["To"] == "zhang@example.org"
    assert mail["Subject"] == "报名成功\uff1a陪伴阅读"
    assert mail.get_content().startswith("张小明\uff0c您好")
    told = await post.rows("SELECT type, data ->> 'channel' AS channel FROM event_log")
    assert sorted(row.channel for row in told) == ["email", "email", "in_app", "in_app"]
    assert {row.type for row in told} == {"cn.linbang.notifications.MessageDelivered.v1"}


async def test_the_delivery_holds_where_the_inbox_table_has_forgotten(post: Post) -> None:
    volunteer = new_id()
    await post.publish_contact(volunteer, name="Ann", email="ann@example.org", language="en")
    event = signed_up(volunteer)
    for _ in range(2):
        await post.publish(event)
        async with running(post.consumer().run), running(post.mailer().run):

            async def consumed() -> bool:
                return bool(await post.rows("SELECT 1 FROM inbox")) and await post.settled()

            await eventually(consumed)
        async with post.worker.transaction() as tx:
            await tx.exec_driver_sql("DELETE FROM inbox")
    assert [mail["Subject"] for mail in post.server.mails] == ["You have a place: 陪伴阅读"]
    assert len(await post.rows("SELECT 1 FROM event_log")) == 2


async def test_an_event_can_tell_many_people_each_of_them_once(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    volunteers = [new_id() for _ in range(3)]

    def messages_to_all(event: Received[Event]) -> list[Message]:
        return [replace(message, recipient_id=each) for message in messages_about(event) for each in volunteers]

    monkeypatch.setattr(projections, "messages_about", messages_to_all)
    for number, volunteer in enumerate(volunteers):
        await know(post, volunteer, name="Ann", email=f"{number}@example.org", language="en")
    event = signed_up(volunteers[0])
    for _ in range(2):
        await handle(post, [event])
        await post.work_off()
    assert sorted(mail["To"] for mail in post.server.mails) == [f"{number}@example.org" for number in range(3)]
    assert len({mail["Message-ID"] for mail in post.server.mails}) == 3
    told = await post.rows("SELECT data ->> 'volunteer_id' AS volunteer, data ->> 'channel' AS channel FROM event_log")
    assert sorted(map(tuple, told)) == sorted(
        (str(volunteer), channel) for volunteer in volunteers for channel in ("email", "in_app")
    )


async def test_nobody_is_mailed_about_an_import(post: Post) -> None:
    import_id, volunteers = uuid4(), [new_id() for _ in range(100)]
    for volunteer in volunteers:
        await post.publish_contact(volunteer, name="Ann", email="ann@example.org", language="en")
    await post.publish(*(registered(volunteer, import_id) for volunteer in volunteers))
    star = StarLevelReached(
        volunteer_id=volunteers[0],
        level=3,
        previous_level=0,
        lifetime_minutes=36000,
        rule_set="510115/2025.1",
        import_id=import_id,
    )
    await post.publish(received(star, volunteers[0]))
    async with running(post.consumer().run), running(post.mailer().run):
        await eventually(post.has_read_all)
        await eventually(post.settled)
    assert len(await post.rows("SELECT 1 FROM inbox")) == 101
    assert len(await post.rows("SELECT 1 FROM contact")) == 100
    assert [row.channel for row in await post.rows("SELECT channel FROM delivery")] == ["in_app"]
    assert [row.template for row in await post.rows("SELECT template FROM message")] == ["star_level_reached"]
    assert not post.server.mails


async def test_a_mail_waits_for_its_contact(post: Post) -> None:
    volunteer = new_id()
    await post.publish(signed_up(volunteer))
    async with running(post.consumer().run), running(post.mailer().run):

        async def it_waits() -> bool:
            return await post.mail_states() == [("queued", "no_contact")]

        await eventually(it_waits)
        await post.publish_contact(volunteer, name="Ann", email="ann@example.org", language="en")

        async def it_is_sent() -> bool:
            return await post.mail_states() == [("sent", None)]

        await eventually(it_is_sent)
    assert len(post.server.mails) == 1


async def test_a_contact_is_replaced_and_erased(post: Post) -> None:
    volunteer = new_id()
    async with running(post.consumer().run):
        for email in ("old@example.org", "new@example.org"):
            await post.publish_contact(volunteer, name="Ann", email=email, language="en")
        await post.publish(signed_up(volunteer))
        await eventually(post.has_read_all)
        assert await post.mail_states() == [("queued", None)]
        async with running(post.mailer().run):
            await eventually(post.settled)
        await post.publish_contact(volunteer)

        async def it_is_erased() -> bool:
            return not await post.rows("SELECT 1 FROM contact")

        await eventually(it_is_erased)
    assert post.server.mails[-1]["To"] == "new@example.org"
