"""Codes that are good once: those an authenticator app shows (TOTP, RFC 6238), and those on paper for when it is lost.

Invariant: a TOTP code is taken within one step (30 s) of now and never twice: the step it is of must be later than the
last one taken (RFC 6238, 5.2). Recovery codes hold 80 random bits, so what is stored of one is a plain hash.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime

import pyotp

_STEP_SECONDS, _STEPS_EITHER_WAY = 30, 1
_CODE = re.compile(r"[0-9]{6}")
_ISSUER = "邻帮"
RECOVERY_CODES = 10
_RECOVERY_BYTES = 10


def new_secret() -> str:
    """Return a secret of 160 bits, as authenticator apps take it (base32)."""
    return pyotp.random_base32()


def otpauth_uri(secret: str, user_name: str) -> str:
    """Return what the QR code of a secret says."""
    return pyotp.TOTP(secret).provisioning_uri(name=user_name, issuer_name=_ISSUER)


def is_totp(code: str) -> bool:
    """Return whether somebody typed what an app shows, and not a recovery code."""
    return _CODE.fullmatch(code) is not None


def step_of(secret: str, code: str, last_step: int, at: datetime) -> int | None:
    """Return the step that a code is good for, later than the last one taken; None where it is good for none."""
    present = int(at.timestamp()) // _STEP_SECONDS
    totp = pyotp.TOTP(secret)
    for step in range(max(present - _STEPS_EITHER_WAY, last_step + 1), present + _STEPS_EITHER_WAY + 1):
        if hmac.compare_digest(totp.generate_otp(step), code):
            return step
    return None


def new_recovery_codes() -> Sequence[str]:
    """Return codes to be written down: sixteen letters and digits each, in fours."""
    return [_new_recovery_code() for _ in range(RECOVERY_CODES)]


def _new_recovery_code() -> str:
    letters = base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower()
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def hash_of_code(code: str) -> bytes:
    """Return what is stored of a recovery code, however it is typed."""
    return hashlib.sha256(re.sub(r"[^a-z0-9]", "", code.lower()).encode()).digest()
