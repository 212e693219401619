"""Sends minors' guardians what the minors are told, by text message, as work (`shared.work`).

Invariant: a text goes out at most once more than its work is concluded, under its delivery's id, by which a gateway can
tell a repetition. Whether it may go is looked up just before, text by text: a consent that is withdrawn, the minor's
coming of age and their leaving end it at once, also for what waits. The phone number and the words exist in this
process's memory only.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.contacts.domain import GuardianContact
from services.notifications.deliveries.domain import (
    GUARDIAN_TEXT,
    NO_CONSENT,
    PATIENCE,
    Outcome,
    Verdict,
    held_back,
    lacking,
)
from services.notifications.deliveries.guardian_texts import GuardianText, end_guardian_texts, load_guardian_text
from services.notifications.messages.domain import PURPOSES, TEMPLATES, Template
from services.notifications.messages.wording import Language, UnwordableError, text_to_guardian, word
from services.notifications.preferences.domain import Preferences
from shared.ops.metrics import TEXTS
from shared.ops.sms import Handed, Sms
from shared.store.event_log import now
from shared.store.sealing import UnsealableError, open_sealed
from shared.work.kind import Batch, Done, End, Ended, Ending, Failed, Patience, WorkKind

BATCH, SLOTS = 10, 4
log = structlog.get_logger()
_STATES = {Outcome.ACCEPTED: "sent", Outcome.REFUSED: "undeliverable", Outcome.WITHHELD: "withheld"}


def guardian_text_work(sms: Sms, contact_key: bytes) -> WorkKind:
    """Return the work of texting guardians; ``contact_key`` is the raw X25519 private key that opens contacts."""
    texter = Texter(sms, contact_key)
    return WorkKind(
        name=GUARDIAN_TEXT, run=texter.run, patience=Patience(first=2, longest=600), batch=BATCH, slots=SLOTS
    )


class Texter:
    """Texts what is claimed, one after the other, each concluded as it is sent."""

    def __init__(self, sms: Sms, contact_key: bytes) -> None:
        self._sms = sms
        self._contact_key = contact_key

    async def run(self, batch: Batch) -> None:
        """Work a batch off."""
        for item in batch.items:
            async with batch.store.transaction() as tx:
                due = await load_guardian_text(tx, item)
            verdict = await self._send(due) if due else None
            batch.came_forward()
            async with batch.store.transaction() as tx:
                if verdict and verdict.outcome is Outcome.DEFERRED:
                    await batch.conclude(tx, {item: Failed(verdict.reason)})
                    continue
                await batch.conclude(tx, {item: Done()})
                if verdict:
                    await end_guardian_texts(tx, [item], _STATES[verdict.outcome], verdict.reason or None)

    async def _send(self, due: GuardianText) -> Verdict:
        """Send a text, and return what came of it."""
        written = _held_back(due, now()) or self._write(due)
        if isinstance(written, Verdict):
            return written
        to, words = written
        handed = await self._sms.send(due.id, to, words)
        TEXTS.labels("sms", handed).inc()
        match handed:
            case Handed.SENT:
                return Verdict(Outcome.ACCEPTED)
            case Handed.REFUSED:
                return Verdict(Outcome.REFUSED, "refused")
            case Handed.AWAY:
                return lacking("gateway_away", due.waited)

    def _write(self, due: GuardianText) -> tuple[str, str] | Verdict:
        """Return where a text goes and what it says; where it cannot be written, why."""
        if due.sealed is None:
            return NO_CONSENT
        if due.template not in TEMPLATES:
            return lacking("unknown_template", due.waited)  # a newer worker has it, and is about to take over
        try:
            opened = open_sealed(self._contact_key, str(due.guardian), due.sealed)
            guardian = GuardianContact.model_validate_json(opened)
            language = Language.of(guardian.language)
            return guardian.phone, text_to_guardian(language, guardian.number, word(due.template, language, due.facts))
        except (UnsealableError, ValidationError):
            log.warning("a contact cannot be opened; is CONTACT_PRIVATE_KEY right?", delivery_id=str(due.id))
            return lacking("unreadable_contact", due.waited)
        except UnwordableError:
            log.error("a text cannot be written", delivery_id=str(due.id), template=due.template)
            return Verdict(Outcome.REFUSED, "unwritable")


def _held_back(due: GuardianText, at: datetime) -> Verdict | None:
    """Return why a text is not to go at a moment, if there is a reason; a guardian states no wishes."""
    if due.has_left:
        return Verdict(Outcome.WITHHELD, "has_left")
    if due.waited > PATIENCE:
        return Verdict(Outcome.REFUSED, "expired")
    if due.template not in TEMPLATES:
        return None
    starts_at = due.facts.get("starts_at")
    start = datetime.fromisoformat(str(starts_at)) if starts_at else None
    return held_back(Preferences(), PURPOSES[Template(due.template)], start, at)


async def _end(tx: AsyncConnection, items: Sequence[Ended], end: End) -> None:
    """End the texts of items that an operator has cancelled."""
    await end_guardian_texts(tx, items, "undeliverable", end)


ENDINGS: Mapping[str, Ending] = {GUARDIAN_TEXT: _end}
