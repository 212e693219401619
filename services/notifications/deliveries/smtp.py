"""One mail offered to one SMTP server, and what came of it.

Invariant: a mail counts as not accepted only where the server has said so or was never handed the content. Once the
content is on its way and no answer comes back, the outcome is unknown and stays so: offering the mail again could
make it two.
"""

from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPException, SMTPResponseException

from services.notifications.deliveries.domain import Outcome, Verdict
from services.notifications.deliveries.letter import Letter

PERMANENT = 500
SHUTTING_DOWN = 421
"""The server speaks of itself, not of the mailbox (RFC 5321, 4.2.3)."""
ACCEPTANCE_SECONDS = 35.0
"""How long the server may take to accept the content: longer than any other answer, because giving up here is final."""


async def offer(server: SMTP, sender: str, letter: Letter) -> Verdict:
    """Offer a mail over an open connection. The connection may be closed afterwards (``server.is_connected``)."""
    try:
        await server.mail(sender)
    except SMTPException as error:
        # A refusal here, even a permanent one, is about the sender: ours to mend, not this mail's end.
        return await _end(server, Verdict(Outcome.DEFERRED, reason_of(error)))
    try:
        await server.rcpt(letter.recipient)
    except SMTPResponseException as error:
        return await _end(server, _refusal(error))
    except SMTPException as error:
        return Verdict(Outcome.DEFERRED, reason_of(error))
    try:
        await server.data(letter.content, timeout=ACCEPTANCE_SECONDS)
    except SMTPResponseException as error:
        return await _end(server, _refusal(error))
    except SMTPException as error:
        return Verdict(Outcome.UNKNOWN, reason_of(error))
    return Verdict(Outcome.ACCEPTED)


def reason_of(error: SMTPException | OSError) -> str:
    """Return the reason code of a failure to talk to a server."""
    return f"smtp_{error.code}" if isinstance(error, SMTPResponseException) else "server_away"


def _refusal(error: SMTPResponseException) -> Verdict:
    if error.code >= PERMANENT:
        return Verdict(Outcome.REFUSED, reason_of(error))
    return Verdict(Outcome.DEFERRED, reason_of(error), put_off=error.code != SHUTTING_DOWN)


async def _end(server: SMTP, verdict: Verdict) -> Verdict:
    """End the refused transaction, so that the connection is fit for the next mail; a failure closes it."""
    if server.is_connected:
        try:
            await server.rset()
        except SMTPException:
            server.close()
    return verdict
