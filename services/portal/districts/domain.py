"""The password that a district's first administrator gets.

Invariant: it is good for one log-in, is kept nowhere, and is the same for a form that is sent twice, so that a second
tap, or the page loaded again, shows the one that holds.
"""

import hmac
from hashlib import sha256

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""None that looks like another: it is read out or written down."""
_LENGTH = 16


def one_time_password(session_key: bytes, key: str) -> str:
    """Return the password (80 bits) of a form's random ``key``; without ``session_key`` nobody else can make it."""
    number = int.from_bytes(hmac.digest(session_key, b"one-time password:" + key.encode(), sha256))
    letters = []
    for _ in range(_LENGTH):
        number, letter = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[letter])
    return "".join(letters)
