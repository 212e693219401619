"""A delivery's identity, what comes of offering a mail, and when it is given up.

Invariant: a mail server of ours that is away is never given up on. What ends a mail that could still be sent is its own
mailbox, which puts it off too long, or a contact that never comes.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from services.notifications.messages.domain import Facts
from services.notifications.preferences.domain import Channel, Preferences, Purpose
from shared.contracts.calendar import begin_of

SHAPE = 2
"""How a delivery's id is made; each is stored with the shape it was made in, and a comparison leaves the ids of others
alone. 1 was ``uuid5(event_id, channel)``, when an event had one recipient."""
MAIL = "mail"
"""The kind of work that sending a mail is; the item has the delivery's id."""
GUARDIAN_TEXT = "guardian_text"
"""The kind of work that a text message to a minor's guardian is; the item has the delivery's id."""
PATIENCE = timedelta(days=7)
"""How long a mail waits for what it needs, its contact above all; by then it is no news any more, or the volunteer is
erased."""
MAILBOX_PATIENCE = timedelta(days=4)
"""How long a mailbox may put a mail off: "at least 4-5 days" (RFC 5321, 4.5.4.1)."""


class Way(StrEnum):
    """How a message goes out: on one of its person's channels, or to a minor's guardian."""

    IN_APP = Channel.IN_APP.value
    EMAIL = Channel.EMAIL.value
    GUARDIAN_SMS = "guardian_sms"


class Outcome(StrEnum):
    """What came of offering a mail."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    WITHHELD = "withheld"
    """It is not offered at all, because its recipient does not want it or it would come too late."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """An outcome and its reason code, e.g. ``smtp_550``; never the server's words, which quote the address."""

    outcome: Outcome
    reason: str = ""
    put_off: bool = False
    """Whether it is deferred because its mailbox does not take it for now, not because of anything of ours."""
    until: datetime | None = None
    """When it is to be looked at again, where that is known: it was not offered then."""


def delivery_id(event_id: UUID, recipient_id: UUID, channel: Channel) -> UUID:
    """Return the id of a message's delivery on a channel: always the same one, so its mail's Message-ID is too."""
    return uuid5(event_id, f"{recipient_id}:{channel}")


def guardian_text_id(event_id: UUID, recipient_id: UUID) -> UUID:
    """Return the id of the text message by which a minor's guardian is told too: always the same one."""
    return uuid5(event_id, f"{recipient_id}:{Way.GUARDIAN_SMS}")


NO_CONSENT = Verdict(Outcome.WITHHELD, "no_consent")
"""Of what goes to somebody who has not agreed to it, or does not any more; the message is in the inbox."""


def held_back(preferences: Preferences, purpose: Purpose, starts_at: datetime | None, at: datetime) -> Verdict | None:
    """Return why a mail is not to be offered at a moment, if there is a reason.

    ``starts_at`` is the start of the shift that it is about. A reminder that would come after that is dropped; anything
    else comes when the quiet hours are over.
    """
    if not preferences.want(purpose, Channel.EMAIL):
        return Verdict(Outcome.WITHHELD, "not_wanted")
    quiet_until = preferences.quiet_hours.end_of(at) if preferences.quiet_hours else None
    if purpose is Purpose.REMINDER and starts_at is not None and (quiet_until or at) >= starts_at:
        return Verdict(Outcome.WITHHELD, "too_late")
    return Verdict(Outcome.DEFERRED, "quiet_hours", until=quiet_until) if quiet_until else None


def lacking(reason: str, waited: timedelta) -> Verdict:
    """Return what becomes of a mail that cannot be written yet and has waited so long for what it lacks."""
    return Verdict(Outcome.DEFERRED if waited <= PATIENCE else Outcome.REFUSED, reason)


def given_up(verdict: Verdict, put_off_for: timedelta | None) -> Verdict:
    """Return the verdict, or the end of a mail that its mailbox has put off for too long (None: never before)."""
    if verdict.put_off and put_off_for is not None and put_off_for > MAILBOX_PATIENCE:
        return Verdict(Outcome.REFUSED, "expired")
    return verdict


_MOMENTS = ("starts_at", "answer_by")
_DAY_ALONE = len("2026-03-01")


def its_time_has_passed(facts: Facts, occurred_at: datetime, at: datetime) -> bool:
    """Return whether a message comes too late: what was still ahead when it was made is over.

    That is the start of the shift that it is about, or the end of the time for an answer. Who was told of what was over
    already is told as well later.
    """
    moments = [_moment(str(facts[name])) for name in _MOMENTS if facts.get(name)]
    return any(occurred_at < moment <= at for moment in moments)


def _moment(written: str) -> datetime:
    if len(written) > _DAY_ALONE:
        return datetime.fromisoformat(written)
    return begin_of(date.fromisoformat(written) + timedelta(days=1))


def outcome_number(sent_again: int) -> int:
    """Return the version of a mail's event of its end: each time it is sent again, two events come before."""
    return 1 + 2 * sent_again
