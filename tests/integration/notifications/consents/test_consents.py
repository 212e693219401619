"""Rows 6 and 58: whoever takes back that they are mailed is mailed no more, also what waits already."""

from uuid import UUID

import pytest

from shared.contracts import ConsentGiven, ConsentWithdrawn, Event
from shared.contracts.received import Received
from shared.store.event_log import new_id
from tests.integration.notifications.conftest import AsCaller, Post, handle, know, received, registered, signed_up


def stated(volunteer: UUID, consent: UUID, number: int, *, given: bool, purpose: str = "notices") -> Received[Event]:
    """Return what registry tells of a statement, the so-manieth of its person and purpose."""
    told = (ConsentGiven if given else ConsentWithdrawn)(
        consent_id=consent, volunteer_id=volunteer, purpose=purpose, text_version="2026-11-1"
    )
    event = received(told, consent)
    return event._replace(attributes=event.attributes._replace(sequence=number))


@pytest.mark.row(6, 58)
async def test_a_withdrawn_consent_stops_mails_also_those_that_wait_and_the_inbox_stays(
    post: Post, as_caller: AsCaller
) -> None:
    volunteer, other, consent = new_id(), new_id(), new_id()
    for who, name in ((volunteer, "ann"), (other, "bob")):
        await know(post, who, name=name, email=f"{name}@example.org", language="en")
    await handle(post, [stated(volunteer, consent, 1, given=True)])
    await handle(post, [signed_up(volunteer), signed_up(other)])  # both mails wait
    await handle(post, [stated(volunteer, consent, 2, given=False)])
    await handle(post, [registered(volunteer)])
    await post.work_off()
    assert [mail["To"] for mail in post.server.mails] == ["bob@example.org"]
    assert await post.mail_states() == [("sent", None), ("withheld", "no_consent"), ("withheld", "no_consent")]
    assert (await as_caller(volunteer).get("/v1/me/messages")).json()["unread"] == 2
    assert await post.settled()

    await handle(post, [stated(volunteer, consent, 3, given=True), signed_up(volunteer)])
    await post.work_off()
    assert [mail["To"] for mail in post.server.mails] == ["bob@example.org", "ann@example.org"]


@pytest.mark.row(6)
async def test_the_last_statement_about_notices_holds_in_whatever_order_it_is_told_and_no_other_purpose_matters(
    post: Post,
) -> None:
    volunteer, consent = new_id(), new_id()
    await know(post, volunteer, name="Ann", email="ann@example.org", language="en")
    await handle(post, [stated(volunteer, consent, 2, given=True), stated(volunteer, consent, 1, given=False)])
    await handle(post, [stated(volunteer, new_id(), 1, given=False, purpose="publicity"), signed_up(volunteer)])
    await post.work_off()
    assert await post.mail_states() == [("sent", None)]
