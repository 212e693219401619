"""The mailer: works off the mails that are due.

Invariant: at most one mail per message. A delivery goes queued -> sending -> sent, and ``sending`` is committed before
the server hears of the mail, so a mailer that dies leaves behind which mail it was about; that one ends as
``uncertain`` and is not sent again, because the server may have taken it. (A mail lost in a crash is still in the
inbox; one sent twice cannot be taken back.) Only a mail that no server has accepted for certain goes back to
``queued``, and a mail that cannot be written is refused alone.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPException

from services.notifications.deliveries import repository
from services.notifications.deliveries.domain import Outcome, Verdict, given_up, lacking, next_wait
from services.notifications.deliveries.letter import Letter, NoAddressError, UnreadableContactError, write_letter
from services.notifications.deliveries.repository import Claim, Conclusion
from services.notifications.deliveries.smtp import offer, reason_of
from services.notifications.messages.domain import TEMPLATES, Channel
from shared.contracts import MessageDelivered, MessageUndeliverable
from shared.ops.failpoint import reach
from shared.ops.health import Heartbeat
from shared.ops.metrics import MAIL_ATTEMPTS
from shared.store import event_log
from shared.store.engine import Store
from shared.store.event_log import NewEvent

BATCH = 50
LEASE = timedelta(minutes=10)
IDLE_SECONDS = 0.5
ANSWER_SECONDS = 10.0
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PostOffice:
    """The SMTP server, the sender's address, and the raw X25519 private key that contacts are sealed to."""

    host: str
    port: int
    sender: str
    contact_key: bytes


class Mailer:
    """Mails what is due, over one connection a batch. Several can run: a mail is claimed by one of them."""

    def __init__(self, store: Store, post_office: PostOffice) -> None:
        self._store = store
        self._post_office = post_office

    async def run(self, heartbeat: Heartbeat) -> None:
        """Work until cancelled; a mail that is being offered then is finished first."""
        while True:
            if await self.work_off(heartbeat) < BATCH:
                await asyncio.sleep(IDLE_SECONDS)

    async def work_off(self, heartbeat: Heartbeat) -> int:
        """Work one batch off; return how many mails were due."""
        async with self._store.transaction() as tx:
            interrupted = await repository.resolve_interrupted(tx)
            claims = await repository.claim_due(tx, BATCH, LEASE)
        heartbeat.beat()
        if interrupted:
            log.warning("mails of a mailer that died are not sent again", mails=interrupted)
        written = [(claim, self._write(claim)) for claim in claims]
        await self._conclude([(claim, verdict) for claim, verdict in written if isinstance(verdict, Verdict)])
        letters = [(claim, letter) for claim, letter in written if isinstance(letter, Letter)]
        if letters:
            await self._send_all(letters, heartbeat)
        return len(claims)

    def _write(self, claim: Claim) -> Letter | Verdict:
        """Write a mail; where that is not possible, return why."""
        if claim.template not in TEMPLATES:
            return lacking("unknown_template", claim.waited)  # a newer mailer has it, and is about to take over
        if claim.sealed is None:
            return lacking("no_contact", claim.waited)
        try:
            return write_letter(claim, claim.sealed, self._post_office.contact_key, self._post_office.sender)
        except UnreadableContactError:
            log.warning("a contact cannot be opened; is CONTACT_PRIVATE_KEY right?", delivery_id=str(claim.id))
            return lacking("unreadable_contact", claim.waited)
        except NoAddressError:
            return Verdict(Outcome.REFUSED, "no_address")
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this mail's trouble and not its neighbours'
            fault = type(error).__name__  # its text could quote the address
            log.error("a mail cannot be written", delivery_id=str(claim.id), template=claim.template, error=fault)
            return Verdict(Outcome.REFUSED, "unwritable")

    async def _send_all(self, letters: Sequence[tuple[Claim, Letter]], heartbeat: Heartbeat) -> None:
        waiting = deque(letters)
        server = SMTP(hostname=self._post_office.host, port=self._post_office.port, timeout=ANSWER_SECONDS)
        reason = await _connect(server)
        try:
            while waiting and server.is_connected:
                heartbeat.beat()
                await _finish(asyncio.create_task(self._send(server, *waiting.popleft())))
        finally:
            server.close()
            await self._conclude([(claim, Verdict(Outcome.DEFERRED, reason)) for claim, _ in waiting])

    async def _send(self, server: SMTP, claim: Claim, letter: Letter) -> None:
        async with self._store.transaction() as tx:
            begun = await repository.begin_sending(tx, claim)
        if not begun:
            return
        reach("mailer.before_send")
        verdict = await offer(server, self._post_office.sender, letter)
        reach("mailer.after_send")
        await self._conclude([(claim, given_up(verdict, claim.put_off_for))])

    async def _conclude(self, verdicts: Sequence[tuple[Claim, Verdict]]) -> None:
        """Note what came of mails, and tell of those that have come to an end."""
        if not verdicts:
            return
        for _, verdict in verdicts:
            MAIL_ATTEMPTS.labels(verdict.outcome).inc()
        async with self._store.transaction() as tx:
            concluded = await repository.conclude(tx, [_conclusion(claim, verdict) for claim, verdict in verdicts])
            events = [_event(claim, verdict) for claim, verdict in verdicts if claim.id in concluded]
            await event_log.append(tx, [event for event in events if event])


_STATES = {
    Outcome.ACCEPTED: "sent",
    Outcome.DEFERRED: "queued",
    Outcome.REFUSED: "undeliverable",
    Outcome.UNKNOWN: "uncertain",
}


def _conclusion(claim: Claim, verdict: Verdict) -> Conclusion:
    deferred = verdict.outcome is Outcome.DEFERRED
    wait = next_wait(claim.attempts) if deferred else None
    return Conclusion(claim, _STATES[verdict.outcome], verdict.reason or None, verdict.put_off, wait)


def _event(claim: Claim, verdict: Verdict) -> NewEvent | None:
    """Return what there is to tell: nothing of a mail that waits, and nothing where nothing is known."""
    told = {
        "delivery_id": claim.id,
        "volunteer_id": claim.recipient_id,
        "event_id": claim.event_id,
        "channel": Channel.EMAIL,
        "template": claim.template,
    }
    data: MessageDelivered | MessageUndeliverable
    match verdict.outcome:
        case Outcome.ACCEPTED:
            data = MessageDelivered.model_validate(told)
        case Outcome.REFUSED:
            data = MessageUndeliverable.model_validate({**told, "reason": verdict.reason})
        case _:
            return None
    return NewEvent(claim.district, claim.id, 1, data, caused_by=f"event:{claim.event_id}")


async def _connect(server: SMTP) -> str:
    """Connect, or leave the server unconnected; return why mails that stay behind were not sent."""
    try:
        await server.connect()
    except (SMTPException, OSError) as error:
        log.warning("the mail server is away", error=type(error).__name__)
        return reason_of(error)
    return "server_away"


async def _finish(sending: asyncio.Task[None]) -> None:
    """Await a task to its end even when cancelled meanwhile: a mail cut off half-way would be uncertain for ever."""
    try:
        await asyncio.shield(sending)
    except asyncio.CancelledError:
        await sending
        raise
