"""A mail, from the sealed contact to the bytes that go over the wire.

Invariant: the name and the address exist in this process's memory only, from here to the end of the SMTP dialogue.
Neither they nor the letter are ever stored or logged, and no exception raised here quotes them.
"""

from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from uuid import UUID

from pydantic import ValidationError

from services.notifications.contacts.domain import Contact
from services.notifications.deliveries.mails import Mail
from services.notifications.messages.wording import Language, letter_body, word
from shared.store.event_log import now
from shared.store.sealing import UnsealableError, open_sealed

_SEVEN_BIT = SMTP.clone(cte_type="7bit")


class UnreadableContactError(Exception):
    """The contact cannot be opened with our key, or is not what registry seals."""


class NoAddressError(Exception):
    """The volunteer has given no e-mail address, or one that mail cannot go to."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as SMTP takes it."""

    recipient: str
    content: bytes


def write_letter(queued: Mail, sealed: bytes, private_key: bytes, sender: str) -> Letter:
    """Open the contact and write the mail.

    Raises UnreadableContactError or NoAddressError; anything else it raises means that this mail cannot be written.
    """
    contact = _open(private_key, queued.recipient_id, sealed)
    recipient = _address(contact.email)
    language = Language.of(contact.language)
    text = word(queued.template, language, queued.facts)
    mail = EmailMessage(policy=_SEVEN_BIT)
    mail["Message-ID"] = f"<{queued.id}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    mail["Date"] = format_datetime(now())
    mail["From"] = sender
    mail["To"] = recipient
    mail["Subject"] = text.subject
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
    mail.set_content(letter_body(language, contact.name, text))
    mail["Content-Language"] = language
    return Letter(recipient.addr_spec, mail.as_bytes())


def _open(private_key: bytes, volunteer_id: UUID, sealed: bytes) -> Contact:
    try:
        return Contact.model_validate_json(open_sealed(private_key, str(volunteer_id), sealed))
    except (UnsealableError, ValidationError):
        raise UnreadableContactError from None


def _address(email: str | None) -> Address:
    try:
        address = Address(addr_spec=email or "")
    except (ValueError, IndexError, HeaderParseError):
        raise NoAddressError from None
    if not address.username or not address.domain or not address.addr_spec.isascii():
        raise NoAddressError
    return address
