"""One-time codes, and the texts that registry sends itself: to points of contact that may be on file nowhere.

Invariant: a code is six random digits that are good for five minutes, for one purpose, once; five wrong guesses end it
(a guess in 200,000 gets through: five of a million).
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

DIGITS = 6
GOOD_FOR = timedelta(minutes=5)
WRONG_TRIES = 5
AGAIN_AFTER = timedelta(minutes=1)
A_DAY = 5
"""So many codes are sent to one point of contact within 24 hours."""


class Purpose(StrEnum):
    """What a code is asked for."""

    REGISTER = "register"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a purpose
    CONTACT = "contact"
    LOG_IN = "log_in"
    GUARDIAN = "guardian"
    GUARDIAN_TAKES_BACK = "guardian_takes_back"


class Channel(StrEnum):
    """How a text goes."""

    SMS = "sms"
    MAIL = "mail"


class Outcome(StrEnum):
    """What came of sending a text."""

    SENT = "sent"
    REFUSED = "refused"
    """Whoever takes texts never will take this one."""
    AWAY = "away"
    """Not now; again in a while."""
    EXPIRED = "expired"
    """Too late to be of use."""
    NOTHING = "nothing"
    """There was nothing to send, and nobody was to see that."""


class Template(StrEnum):
    """What a text says; ``wording`` has the sentences."""

    CODE = "code"
    GUARDIAN_CODE = "guardian_code"
    GUARDIAN_TAKES_BACK_CODE = "guardian_takes_back_code"
    ALREADY_REGISTERED = "already_registered"
    REGISTRATION_ATTEMPTED = "registration_attempted"
    CONTACT_CHANGED = "contact_changed"
    REGISTRATION_ENDED = "registration_ended"
    MOVED_IN = "moved_in"


@dataclass(frozen=True, slots=True, repr=False)
class Text:
    """A text to send. It has no repr: it holds a phone number or address, and maybe a code."""

    channel: Channel
    to: str
    template: Template
    language: str
    fact: str = ""
    """The code, or the volunteer number, that it tells."""


_CODES = (Template.CODE, Template.GUARDIAN_CODE, Template.GUARDIAN_TAKES_BACK_CODE)
USEFUL_FOR = {template: GOOD_FOR if template in _CODES else timedelta(days=1) for template in Template}
"""How long after it was written a text is still worth sending."""


def new_code() -> str:
    """Return six random digits."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
