"""The mail that is written from a sealed contact."""

import json
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from services.notifications.deliveries.letter import NoAddressError, UnreadableContactError, write_letter
from services.notifications.deliveries.mails import Mail
from services.notifications.messages.domain import Template
from services.notifications.preferences.domain import Preferences
from shared.store.sealing import seal

KEY = X25519PrivateKey.generate()
PRIVATE, PUBLIC = KEY.private_bytes_raw(), KEY.public_key().public_bytes_raw()
VOLUNTEER = UUID(int=7)
SENDER = "邻帮 <post@linbang.example>"
QUEUED = Mail(
    district="510115",
    event_id=UUID(int=1),
    id=UUID(int=2),
    state="queued",
    waited=timedelta(0),
    put_off_for=None,
    recipient_id=VOLUNTEER,
    template=Template.SIGN_UP_CONFIRMED,
    facts={"activity_title": "陪伴阅读" * 20, "starts_at": "2026-03-01T01:00:00+00:00"},
    sealed=None,
    caused_by="event:1",
    has_left=False,
    sent_again=0,
    preferences=Preferences(),
)


def sealed(**contact: str | None) -> bytes:
    return seal(PUBLIC, [(str(VOLUNTEER), json.dumps(contact).encode())])[0]


def test_a_letter_as_a_mail_reader_sees_it() -> None:
    contact = sealed(name="张小明", phone="1", email="zhang@example.org", language="zh-CN")
    letter = write_letter(QUEUED, contact, PRIVATE, SENDER)
    mail = message_from_bytes(letter.content, policy=default)
    assert letter.recipient == "zhang@example.org"
    assert letter.content.isascii()  # any SMTP server takes it, 8BITMIME or not
    assert max(map(len, letter.content.split(b"\r\n"))) <= 998
    assert mail["Message-ID"] == f"<{QUEUED.id}@linbang.example>"
    assert mail["To"] == "zhang@example.org"
    assert mail["From"] == SENDER
    assert mail["Subject"] == "报名成功\uff1a" + "陪伴阅读" * 20
    assert "张小明" in mail.get_content()
    assert not mail.defects


def test_the_contact_chooses_the_language() -> None:
    letter = write_letter(QUEUED, sealed(name="Ann", email="ann@example.org", language="en"), PRIVATE, SENDER)
    mail = message_from_bytes(letter.content, policy=default)
    assert mail.get_content().startswith("Dear Ann,")
    assert mail["Content-Language"] == "en"


@pytest.mark.parametrize("email", [None, "", "nobody", "@example.org", "a b@c", "张@例子.中国", "a@b\r\nBcc: c@d"])
def test_without_a_usable_address_there_is_no_letter(email: str | None) -> None:
    with pytest.raises(NoAddressError):
        write_letter(QUEUED, sealed(name="Ann", email=email, language="en"), PRIVATE, SENDER)


def test_a_contact_sealed_for_somebody_else_cannot_be_used() -> None:
    swapped = seal(PUBLIC, [(str(UUID(int=8)), b'{"name": "Ann", "email": "ann@example.org"}')])[0]
    with pytest.raises(UnreadableContactError):
        write_letter(QUEUED, swapped, PRIVATE, SENDER)


def test_an_unreadable_contact_is_not_quoted() -> None:
    with pytest.raises(UnreadableContactError) as raised:
        write_letter(QUEUED, sealed(email="ann@example.org"), PRIVATE, SENDER)
    assert raised.value.__cause__ is None
    assert "ann@example.org" not in repr(raised.value)
