"""User names and passwords.

Invariant: a user name starts with a letter and a volunteer number with a digit, so nobody can take a name that is
somebody else's number. Both are unique on the whole platform: one log-in page serves every district.
"""

import re
from datetime import timedelta

from services.registry.places.domain import wording
from shared.contracts.faults import Code, Fault, RefusedError

TOKEN_LIFETIME = timedelta(minutes=30)
MIN_PASSWORD, MAX_PASSWORD = 10, 200
_USER_NAME = re.compile(r"[a-z][a-z0-9._-]{2,49}")


def user_name(value: str) -> str:
    """Return a user name in lower case. Raises RefusedError where it is malformed."""
    name = value.strip().lower()
    if not _USER_NAME.fullmatch(name):
        raise RefusedError(Fault("user_name", Code.FORMAT))
    return name


def log_in_name(value: str) -> str:
    """Return what somebody typed at log-in as it is on file: a user name, or a volunteer number."""
    name = wording.half_width(value.strip())
    return name.upper() if name[:1].isdigit() else name.lower()


def check_password(value: str) -> None:
    """Refuse a password that is too short (NIST SP 800-63B: length is what counts) or absurdly long."""
    if len(value) < MIN_PASSWORD or len(set(value)) == 1:
        raise RefusedError(Fault("password", Code.WEAK))
    if len(value) > MAX_PASSWORD:
        raise RefusedError(Fault("password", Code.TOO_LONG))
