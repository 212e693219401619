"""The port to mailboxes: one SMTP server.

Registry mails codes and warnings itself, also to addresses that are on file nowhere; all else notifications does
(ADR 0031).
"""

from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from uuid import UUID

import aiosmtplib
from aiosmtplib.errors import SMTPException, SMTPRecipientsRefused, SMTPResponseException

from services.registry.codes.domain import Outcome
from shared.store.event_log import now

_SEVEN_BIT = SMTP.clone(cte_type="7bit")
_PERMANENT = 500
_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class MailServer:
    """The server, and the sender's address. Without a host, nothing can be sent."""

    host: str
    port: int
    sender: str

    async def send(self, text_id: UUID, to: str, subject: str, content: str) -> Outcome:
        """Send one text as a mail."""
        if not self.host:
            return Outcome.AWAY
        try:
            mail = self._written(text_id, to, subject, content)
        except (HeaderParseError, ValueError):
            return Outcome.REFUSED
        try:
            await aiosmtplib.send(mail, hostname=self.host, port=self.port, timeout=_SECONDS)
        except SMTPRecipientsRefused as refused:
            return Outcome.REFUSED if all(r.code >= _PERMANENT for r in refused.recipients) else Outcome.AWAY
        except SMTPResponseException as error:
            return Outcome.REFUSED if error.code >= _PERMANENT else Outcome.AWAY
        except (SMTPException, OSError):
            return Outcome.AWAY
        return Outcome.SENT

    def _written(self, text_id: UUID, to: str, subject: str, content: str) -> EmailMessage:
        mail = EmailMessage(policy=_SEVEN_BIT)
        mail["Message-ID"] = f"<{text_id}@{parseaddr(self.sender)[1].rpartition('@')[2]}>"
        mail["Date"] = format_datetime(now())
        mail["From"] = self.sender
        mail["To"] = Address(addr_spec=to)
        mail["Subject"] = subject
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(content)
        return mail
