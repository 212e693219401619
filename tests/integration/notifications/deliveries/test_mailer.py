"""The mailer against a mail server that goes away, refuses and hangs up, and mailers that are killed."""

import asyncio
import signal
from uuid import UUID

import pytest

from services.notifications.deliveries import mails
from services.notifications.deliveries.mailer import ENDINGS
from services.notifications.deliveries.mails import Conclusion
from shared.contracts import VolunteerRestricted
from shared.store.event_log import new_id, now
from shared.work import settlement
from shared.work.queue import claim
from tests.integration.notifications.conftest import (
    Post,
    enter,
    handle,
    know,
    message_of_a_newer_version,
    message_without_facts,
    received,
    signed_up,
)
from tests.support.eventually import eventually, running

WORK = "work JOIN delivery AS d USING (district, id)"
"""The mails that wait, with their work."""


async def queue(post: Post, mails: int = 1, **contact: str) -> list[UUID]:
    """Queue mails to as many volunteers; return the events' ids."""
    events = []
    for _ in range(mails):
        volunteer = new_id()
        await know(post, volunteer, **{"name": "Ann", "email": "ann@example.org", "language": "en", **contact})
        events.append(signed_up(volunteer))
    await handle(post, events)
    return [event.attributes.id for event in events]


async def test_a_mail_waits_for_a_server_that_is_away(post: Post) -> None:
    post.server.stop()
    await queue(post)
    async with running(post.mailer().run):

        async def tried_twice() -> bool:
            return bool(await post.rows(f"SELECT 1 FROM {WORK} WHERE attempts > 1 AND reason = 'server_away'"))

        await eventually(tried_twice)
        post.server.start()
        await eventually(post.settled)
    assert await post.mail_states() == [("sent", None)]
    assert len(post.server.mails) == 1


async def test_a_server_that_is_away_is_never_given_up_on(post: Post) -> None:
    post.server.stop()
    await queue(post)
    for _ in range(20):
        await post.make_due()
        await post.work_off()
    [row] = await post.rows(f"""
        SELECT d.state, attempts, due_at - clock_timestamp() BETWEEN '7 minutes' AND '15 minutes' AS waits_long
        FROM {WORK}
    """)
    assert (row.state, row.attempts, row.waits_long) == ("queued", 20, True)


async def test_a_passing_refusal_is_tried_again(post: Post) -> None:
    post.server.answers = ["451 4.7.1 greylisted, {address}"]
    await queue(post)
    await post.work_off()
    assert await post.mail_states() == [("queued", "smtp_451")]
    await post.make_due()
    await post.work_off()
    assert await post.mail_states() == [("sent", None)]
    assert len(post.server.mails) == 1


async def test_a_mailbox_that_puts_a_mail_off_for_four_days_is_given_up(post: Post) -> None:
    await queue(post, mails=2)
    post.server.answers = ["452 4.2.2 {address} is full"] * 2
    await post.work_off()
    await post.make_due()
    async with post.worker.transaction() as tx:
        await tx.exec_driver_sql("""
            UPDATE delivery SET put_off_since = put_off_since - interval '4 days'
            WHERE id = (SELECT id FROM delivery WHERE state = 'queued' LIMIT 1)
        """)
    post.server.answers = ["452 4.2.2 {address} is full"] * 2
    await post.work_off()
    assert await post.mail_states() == [("queued", "smtp_452"), ("undeliverable", "expired")]
    told = await post.rows("SELECT data FROM event_log WHERE type LIKE '%MessageUndeliverable%'")
    assert [row.data["reason"] for row in told] == ["expired"]


async def test_a_server_of_ours_that_was_away_for_days_leaves_a_mailbox_its_time(post: Post) -> None:
    await queue(post)
    async with post.worker.transaction() as tx:
        await tx.exec_driver_sql("UPDATE delivery SET queued_at = queued_at - interval '5 days'")
    post.server.answers = ["451 4.7.1 greylisted, {address}"]
    await post.work_off()
    assert await post.mail_states() == [("queued", "smtp_451")]


async def test_a_lasting_refusal_ends_one_mail_and_not_its_neighbours(post: Post) -> None:
    post.server.answers = ["250 OK", "550 5.1.1 {address} is nobody here"]
    await queue(post, mails=3)
    await post.work_off()
    assert await post.mail_states() == [("sent", None), ("sent", None), ("undeliverable", "smtp_550")]
    assert len(post.server.mails) == 2
    told = await post.rows("SELECT data FROM event_log WHERE type LIKE '%MessageUndeliverable%'")
    assert [row.data["reason"] for row in told] == ["smtp_550"]
    assert "example.org" not in str(told)


async def test_a_mail_that_cannot_be_written_is_refused_alone(post: Post) -> None:
    strange = message_without_facts(new_id())
    await know(post, strange.recipient_id, name="Ann", email="ann@example.org", language="en")
    await enter(post, [strange])
    await queue(post, mails=2)
    await post.work_off()
    assert await post.mail_states() == [("sent", None), ("sent", None), ("undeliverable", "unwritable")]
    assert len(post.server.mails) == 2
    told = await post.rows("SELECT data FROM event_log WHERE type LIKE '%MessageUndeliverable%'")
    assert [(row.data["event_id"], row.data["reason"]) for row in told] == [(str(strange.event_id), "unwritable")]


async def test_a_mail_of_a_newer_version_is_left_to_its_mailer(post: Post) -> None:
    newer = message_of_a_newer_version(new_id())
    await know(post, newer.recipient_id, name="Ann", email="ann@example.org", language="en")
    await enter(post, [newer])
    await queue(post)
    await post.work_off()
    assert await post.mail_states() == [("queued", "unknown_template"), ("sent", None)]


async def test_a_volunteer_without_an_address_is_undeliverable(post: Post) -> None:
    await queue(post, email="")
    await post.work_off()
    assert await post.mail_states() == [("undeliverable", "no_address")]


async def test_a_contact_that_never_comes_ends_the_wait(post: Post) -> None:
    await handle(post, [signed_up(new_id())])
    async with post.worker.transaction() as tx:
        await tx.exec_driver_sql("UPDATE delivery SET queued_at = queued_at - interval '8 days'")
    await post.work_off()
    assert await post.mail_states() == [("undeliverable", "no_contact")]


async def test_a_mail_whose_acceptance_is_unknown_is_not_sent_again(post: Post) -> None:
    post.server.hang_up_after_content = True
    await queue(post, mails=2)
    await post.work_off()
    assert await post.mail_states() == [("queued", "server_away"), ("uncertain", "server_away")]
    post.server.hang_up_after_content = False
    await post.make_due()
    await post.work_off()
    assert await post.mail_states() == [("sent", None), ("uncertain", "server_away")]
    assert len(post.server.mails) == 2


@pytest.mark.parametrize(("failpoint", "mails_of_the_killed"), [("mailer.before_send", 0), ("mailer.after_send", 1)])
async def test_a_mailer_killed_while_sending_sends_nothing_twice(
    post: Post, failpoint: str, mails_of_the_killed: int
) -> None:
    await queue(post, mails=3)
    async with post.process(f"{failpoint}:kill9@2") as process:
        await asyncio.to_thread(process.wait)
        assert process.returncode == -signal.SIGKILL
    assert len(post.server.mails) == 1 + mails_of_the_killed
    await post.make_due()
    async with running(post.mailer().run):
        await eventually(post.settled)
    assert await post.mail_states() == [("sent", None), ("sent", None), ("uncertain", "interrupted")]
    assert len(post.server.mails) == 2 + mails_of_the_killed
    assert len({mail["Message-ID"] for mail in post.server.mails}) == len(post.server.mails)


async def test_a_mailer_that_is_stopped_ends_its_mail_first(post: Post) -> None:
    await queue(post, mails=40)
    async with post.process() as process:

        async def some_are_sent() -> bool:
            return bool(post.server.mails)

        await eventually(some_are_sent)
        process.terminate()
        await asyncio.to_thread(process.wait)
        assert process.returncode == 0
    assert {state for state, _ in await post.mail_states()} <= {"sent", "queued"}
    assert (await post.mail_states()).count(("sent", None)) == len(post.server.mails)


async def test_a_mailer_that_stalled_past_its_claim_does_not_send(post: Post) -> None:
    await queue(post)
    [stalled] = await claim(post.worker, [post.mails])
    async with post.worker.transaction() as tx:
        [mail] = (await mails.load_mails(tx, [stalled])).values()
    await post.make_due()
    await post.work_off()
    async with post.worker.transaction() as tx:
        assert not await mails.begin_sending(tx, stalled, mail)
        late = Conclusion(mail, "undeliverable", "smtp_550", put_off=False)
        assert not await mails.conclude(tx, [late])
    assert await post.mail_states() == [("sent", None)]


async def test_a_mail_that_an_operator_cancels_is_never_sent(post: Post) -> None:
    await queue(post, mails=2)
    [cancelled, _] = await post.rows("SELECT id FROM work WHERE kind = 'mail' ORDER BY id")
    async with post.worker.transaction() as tx:
        await settlement.cancel(tx, "notifications", ENDINGS, [cancelled.id], "sent by hand", "operator")
    await post.work_off()
    assert await post.mail_states() == [("sent", None), ("undeliverable", "cancelled")]
    assert len(post.server.mails) == 1
    [told] = await post.rows("SELECT data FROM event_log WHERE type LIKE '%MessageUndeliverable%'")
    assert (told.data["delivery_id"], told.data["reason"]) == (str(cancelled.id), "cancelled")


async def test_a_mail_that_is_cancelled_while_it_is_offered_may_have_been_sent(post: Post) -> None:
    await queue(post)
    [item] = await claim(post.worker, [post.mails])
    async with post.worker.transaction() as tx:
        [mail] = (await mails.load_mails(tx, [item])).values()
        assert await mails.begin_sending(tx, item, mail)
    async with post.worker.transaction() as tx:
        await settlement.cancel(tx, "notifications", ENDINGS, [item.id], "sent by hand", "operator")
    async with post.worker.transaction() as tx:
        assert not await mails.conclude(tx, [Conclusion(mail, "sent", None, put_off=False)])
    assert await post.mail_states() == [("uncertain", "cancelled")]


async def test_two_mailers_share_the_work_and_send_nothing_twice(post: Post) -> None:
    await queue(post, mails=200)
    async with running(post.mailer().run), running(post.mailer().run):
        await eventually(post.settled)
    ids = [mail["Message-ID"] for mail in post.server.mails]
    assert len(ids) == len(set(ids)) == 200


async def test_personal_data_is_in_the_mail_alone(post: Post, capfd: pytest.CaptureFixture[str]) -> None:
    post.server.answers = ["550 {address} unknown", "451 {address} later"]
    await queue(post, mails=3, name="欧阳小明", email="ouyang@secret.example", phone="13900000000")
    async with post.worker.transaction() as tx:
        await tx.exec_driver_sql("""
            UPDATE contact SET sealed = 'broken' WHERE volunteer_id = (SELECT volunteer_id FROM contact LIMIT 1)
        """)
    async with post.process() as process:
        reasons: set[str | None] = set()

        async def all_are_tried() -> bool:
            reasons.update(reason for _, reason in await post.mail_states())
            return reasons >= {"smtp_550", "smtp_451", "unreadable_contact"}

        await eventually(all_are_tried)
        process.terminate()
        await asyncio.to_thread(process.wait)
    stored = str(
        [
            await post.rows(f"SELECT t::text FROM {table} AS t")
            for table in ("message", "delivery", "work", "contact", "event_log", "outbox", "dead_letter")
        ]
    )
    shown = "".join(capfd.readouterr())
    assert "contact cannot be opened" in shown
    for secret in ("欧阳小明", "ouyang", "secret.example", "13900000000"):
        assert secret not in stored + shown
        assert secret.encode().hex() not in stored


@pytest.mark.row(7)
async def test_who_has_ended_their_registration_is_mailed_nothing_that_waits(post: Post) -> None:
    volunteer = new_id()
    await know(post, volunteer, name="Ann", email="ann@example.org", language="en")
    left = VolunteerRestricted(volunteer_id=volunteer, restricted_at=now())
    await handle(post, [signed_up(volunteer), received(left, volunteer)])
    await post.work_off()
    assert await post.mail_states() == [("withheld", "has_left")]
    assert not post.server.mails
