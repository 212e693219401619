"""The mailer: sends the mails that are due, as work (`shared.work`).

Invariant: at most one mail per message. A delivery goes queued -> sending -> sent, and ``sending`` is committed before
the server hears of the mail, so a mailer that dies leaves behind which mail it was about; that one ends as
``uncertain`` and is not sent again, because the server may have taken it. (A mail lost in a crash is still in the
inbox; one sent twice cannot be taken back.) Only a mail that no server has accepted for certain goes back to
``queued``, and a mail that cannot be written is refused alone.

What came of a mail is committed with it; its work is concluded with the batch. Work of a mail that has come to its end
already is done.
"""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import structlog
from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPException
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.deliveries import mails
from services.notifications.deliveries.domain import (
    MAIL,
    NO_CONSENT,
    Outcome,
    Verdict,
    given_up,
    held_back,
    lacking,
    outcome_number,
)
from services.notifications.deliveries.letter import Letter, NoAddressError, UnreadableContactError, write_letter
from services.notifications.deliveries.mails import Conclusion, EndedMail, Mail
from services.notifications.deliveries.smtp import offer, reason_of
from services.notifications.messages.domain import PURPOSES, TEMPLATES, Template
from services.notifications.preferences.domain import Channel
from shared.contracts import MessageDelivered, MessageUndeliverable
from shared.ops.failpoint import reach
from shared.ops.metrics import MAIL_ATTEMPTS
from shared.store import event_log
from shared.store.event_log import NewEvent, now
from shared.work.kind import Batch, Done, End, Ended, Ending, Failed, Item, Later, Patience, WorkKind
from shared.work.kind import Outcome as WorkOutcome

BATCH = 50
ANSWER_SECONDS = 10.0
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PostOffice:
    """The SMTP server, the sender's address, and the raw X25519 private key that contacts are sealed to."""

    host: str
    port: int
    sender: str
    contact_key: bytes


class Claimed(NamedTuple):
    """A mail and the claimed item that it is the work of."""

    item: Item
    mail: Mail


def mail_work(post_office: PostOffice) -> WorkKind:
    """Return the work of mailing: one connection a worker, and no end but those that ``domain`` knows."""
    return WorkKind(name=MAIL, run=Mailer(post_office).run, patience=Patience(), batch=BATCH)


class Mailer:
    """Mails what is claimed, over one connection a batch. Several can run: a mail is claimed by one of them."""

    def __init__(self, post_office: PostOffice) -> None:
        self._post_office = post_office

    async def run(self, batch: Batch) -> None:
        """Work a batch off. A mail that is being offered when this is cancelled is finished first."""
        async with batch.store.transaction() as tx:
            found = await mails.load_mails(tx, batch.items)
        claimed = [Claimed(item, found[item.id]) for item in batch.items if item.id in found]
        at = now()
        written = [
            (each, _interrupted(each.mail) or _held_back(each.mail, at) or self._write(each.mail)) for each in claimed
        ]
        ended = {item: Done() for item in batch.items if item.id not in found}
        verdicts = [(each, verdict) for each, verdict in written if isinstance(verdict, Verdict)]
        await _conclude(batch, ended, verdicts)
        letters = [(each, letter) for each, letter in written if isinstance(letter, Letter)]
        if letters:
            await self._send_all(batch, letters)

    def _write(self, mail: Mail) -> Letter | Verdict:
        """Write a mail; where that is not possible, return why."""
        if mail.template not in TEMPLATES:
            return lacking("unknown_template", mail.waited)  # a newer mailer has it, and is about to take over
        if mail.sealed is None:
            return lacking("no_contact", mail.waited)
        try:
            return write_letter(mail, mail.sealed, self._post_office.contact_key, self._post_office.sender)
        except UnreadableContactError:
            log.warning("a contact cannot be opened; is CONTACT_PRIVATE_KEY right?", delivery_id=str(mail.id))
            return lacking("unreadable_contact", mail.waited)
        except NoAddressError:
            return Verdict(Outcome.REFUSED, "no_address")
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this mail's trouble and not its neighbours'
            fault = type(error).__name__  # its text could quote the address
            log.error("a mail cannot be written", delivery_id=str(mail.id), template=mail.template, error=fault)
            return Verdict(Outcome.REFUSED, "unwritable")

    async def _send_all(self, batch: Batch, letters: Sequence[tuple[Claimed, Letter]]) -> None:
        waiting = deque(letters)
        sent: dict[Item, WorkOutcome] = {}
        server = SMTP(hostname=self._post_office.host, port=self._post_office.port, timeout=ANSWER_SECONDS)
        reason = await _connect(server)
        try:
            while waiting and server.is_connected:
                batch.came_forward()
                claimed, letter = waiting.popleft()
                verdict = await _finish(asyncio.create_task(self._send(batch, server, claimed, letter)))
                if verdict:
                    sent[claimed.item] = _work_outcome(verdict)
        finally:
            server.close()
        await _conclude(batch, sent, [(claimed, Verdict(Outcome.DEFERRED, reason)) for claimed, _ in waiting])

    async def _send(self, batch: Batch, server: SMTP, claimed: Claimed, letter: Letter) -> Verdict | None:
        """Send a mail and note what came of it; None where its work is not ours any more."""
        async with batch.store.transaction() as tx:
            begun = await mails.begin_sending(tx, claimed.item, claimed.mail)
        if not begun:
            return None
        reach("mailer.before_send")
        verdict = given_up(await offer(server, self._post_office.sender, letter), claimed.mail.put_off_for)
        reach("mailer.after_send")
        async with batch.store.transaction() as tx:
            await _note(tx, [(claimed.mail, verdict)])
        return verdict


def _interrupted(mail: Mail) -> Verdict | None:
    """Return the end of a mail whose mailer died while offering it: the server may have accepted it or not."""
    if mail.state != "sending":
        return None
    log.warning("a mail of a mailer that died is not sent again", delivery_id=str(mail.id))
    return Verdict(Outcome.UNKNOWN, "interrupted")


def _held_back(mail: Mail, at: datetime) -> Verdict | None:
    """Return why a mail is not to be offered now, as its recipient wants it; None where it is."""
    if mail.has_left:
        return Verdict(Outcome.WITHHELD, "has_left")
    if not mail.may_be_mailed:
        return NO_CONSENT
    if mail.template not in TEMPLATES:
        return None
    starts_at = mail.facts.get("starts_at")
    start = datetime.fromisoformat(str(starts_at)) if starts_at else None
    return held_back(mail.preferences, PURPOSES[Template(mail.template)], start, at)


async def _conclude(
    batch: Batch, settled: Mapping[Item, WorkOutcome], verdicts: Sequence[tuple[Claimed, Verdict]]
) -> None:
    """Conclude the work of mails that are settled, and of others together with what came of them."""
    if not (settled or verdicts):
        return
    outcomes = {**settled, **{claimed.item: _work_outcome(verdict) for claimed, verdict in verdicts}}
    async with batch.store.transaction() as tx:
        await batch.conclude(tx, outcomes)
        if verdicts:
            await _note(tx, [(claimed.mail, verdict) for claimed, verdict in verdicts])


async def _note(tx: AsyncConnection, verdicts: Sequence[tuple[Mail, Verdict]]) -> None:
    """Note what came of mails, and tell of those that have come to an end."""
    for _, verdict in verdicts:
        if verdict.until is None and verdict.outcome is not Outcome.WITHHELD:
            MAIL_ATTEMPTS.labels(verdict.outcome).inc()
    concluded = await mails.conclude(
        tx,
        [
            Conclusion(mail, _STATES[verdict.outcome], verdict.reason or None, verdict.put_off)
            for mail, verdict in verdicts
        ],
    )
    events = [_event(mail, verdict) for mail, verdict in verdicts if mail.id in concluded]
    await event_log.append(tx, [event for event in events if event])


_STATES = {
    Outcome.ACCEPTED: "sent",
    Outcome.DEFERRED: "queued",
    Outcome.REFUSED: "undeliverable",
    Outcome.UNKNOWN: "uncertain",
    Outcome.WITHHELD: "withheld",
}


def _work_outcome(verdict: Verdict) -> WorkOutcome:
    if verdict.until is not None:
        return Later(verdict.until, code=verdict.reason)
    return Failed(verdict.reason) if verdict.outcome is Outcome.DEFERRED else Done()


def _event(mail: Mail, verdict: Verdict) -> NewEvent | None:
    """Return what there is to tell: nothing of a mail that waits, and nothing where nothing is known."""
    match verdict.outcome:
        case Outcome.ACCEPTED:
            data = MessageDelivered.model_validate(_told(mail))
            return NewEvent(mail.district, mail.id, outcome_number(mail.sent_again), data, caused_by=mail.caused_by)
        case Outcome.REFUSED:
            return _undeliverable(mail, verdict.reason)
        case _:
            return None


def _undeliverable(mail: Mail | EndedMail, reason: str) -> NewEvent:
    data = MessageUndeliverable.model_validate({**_told(mail), "reason": reason})
    return NewEvent(mail.district, mail.id, outcome_number(mail.sent_again), data, caused_by=mail.caused_by)


def _told(mail: Mail | EndedMail) -> dict[str, object]:
    return {
        "delivery_id": mail.id,
        "volunteer_id": mail.recipient_id,
        "event_id": mail.event_id,
        "channel": Channel.EMAIL,
        "template": mail.template,
    }


async def _end(tx: AsyncConnection, items: Sequence[Ended], end: End) -> None:
    """End the mails of items that an operator has cancelled: undeliverable, unless one is on its way just now."""
    ended = await mails.end_mails(tx, items, end)
    await event_log.append(tx, [_undeliverable(mail, end) for mail in ended if mail.state == "undeliverable"])


ENDINGS: Mapping[str, Ending] = {MAIL: _end}


async def _connect(server: SMTP) -> str:
    """Connect, or leave the server unconnected; return why mails that stay behind were not sent."""
    try:
        await server.connect()
    except (SMTPException, OSError) as error:
        log.warning("the mail server is away", error=type(error).__name__)
        return reason_of(error)
    return "server_away"


async def _finish(sending: "asyncio.Task[Verdict | None]") -> Verdict | None:
    """Await a task to its end even when cancelled meanwhile: a mail cut off half-way would be uncertain for ever."""
    cancelled: asyncio.CancelledError | None = None
    while not sending.done():
        try:
            await asyncio.shield(sending)
        except asyncio.CancelledError as again:
            cancelled = again
    if cancelled:
        raise cancelled
    return sending.result()
