"""The codes that a shift's place shows: a QR token, new every 30 s, and six digits, new every 60 s (domain.md row 31).

Invariant: both follow from the shift's secret and the time alone, so every process shows and accepts the same; one of
a step away is accepted too, for clocks and slow hands. A token says which shift it opens, and nothing of a person; it
cannot be made without the secret. The secret is at rest encrypted, under the shift's id.

A token is base64url of: version (1 byte, ``1``), district (3), shift id (16), step (5), HMAC-SHA256 over these (16).
"""

import hmac
import os
from base64 import b32encode, urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

import pyotp
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.contracts.faults import Code, Fault, RefusedError

QR_SECONDS = 30
DIGITS_SECONDS = 60
_SECRET_BYTES, _NONCE_BYTES, _MAC_BYTES = 20, 12, 16
_VERSION = b"\x01"
_LENGTHS = (len(_VERSION), 3, 16, 5)
_TOKEN_BYTES = sum(_LENGTHS) + _MAC_BYTES


class QrToken(NamedTuple):
    """What a QR token says, whether or not it is genuine."""

    district: str
    shift_id: UUID
    step: int
    mac: bytes


class Shown(NamedTuple):
    """A code as it is shown, until it is replaced by the next."""

    code: str
    valid_until: datetime


def seconds_between(before: datetime, after: datetime, other: datetime) -> int:
    """Return by how many whole seconds another clock is off, read at some moment between two of this one."""
    off = max(before - other, other - after, timedelta(0))
    return int(off.total_seconds())


@dataclass(frozen=True, slots=True)
class SecretBox:
    """Encrypts shifts' secrets with the service's key of 32 bytes (AES-256-GCM)."""

    key: bytes

    def new(self, shift_id: UUID) -> bytes:
        """Return a new secret for a shift, encrypted."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(self.key).encrypt(nonce, os.urandom(_SECRET_BYTES), shift_id.bytes)

    def open(self, shift_id: UUID, encrypted: bytes) -> "ShiftCodes":
        """Return the codes of a shift. Raises InvalidTag where the secret is not of this key and this shift."""
        nonce, ciphertext = encrypted[:_NONCE_BYTES], encrypted[_NONCE_BYTES:]
        return ShiftCodes(shift_id, AESGCM(self.key).decrypt(nonce, ciphertext, shift_id.bytes))


@dataclass(frozen=True, slots=True)
class ShiftCodes:
    """The codes of one shift."""

    shift_id: UUID
    secret: bytes

    def token(self, district: str, now: datetime) -> Shown:
        """Return the QR token of now."""
        step = _step(now, QR_SECONDS)
        content = _content(district, self.shift_id, step)
        token = urlsafe_b64encode(content + self._mac(content)).decode().rstrip("=")
        return Shown(token, _moment(step + 1, QR_SECONDS))

    def digits(self, now: datetime) -> Shown:
        """Return the six digits of now."""
        step = _step(now, DIGITS_SECONDS)
        return Shown(self._totp().generate_otp(step), _moment(step + 1, DIGITS_SECONDS))

    def accept_token(self, token: QrToken, now: datetime) -> datetime:
        """Return when a token began to be shown. Raises RefusedError ``expired`` or ``wrong_code``."""
        genuine = self._mac(_content(token.district, token.shift_id, token.step))
        present = _step(now, QR_SECONDS)
        if not hmac.compare_digest(genuine, token.mac) or token.step > present + 1:
            raise RefusedError(Fault("token", Code.WRONG_CHECK_IN_CODE))
        if token.step < present - 1:
            raise RefusedError(Fault("token", Code.EXPIRED))
        return _moment(token.step, QR_SECONDS)

    def accept_digits(self, digits: str, now: datetime) -> datetime | None:
        """Return when six digits began to be shown; None where they are not those of now."""
        present = _step(now, DIGITS_SECONDS)
        for step in (present, present - 1, present + 1):
            if hmac.compare_digest(self._totp().generate_otp(step).encode(), digits.encode()):
                return _moment(step, DIGITS_SECONDS)
        return None

    def _mac(self, content: bytes) -> bytes:
        return hmac.digest(self.secret, b"qr" + content, sha256)[:_MAC_BYTES]

    def _totp(self) -> pyotp.TOTP:
        return pyotp.TOTP(b32encode(self.secret).decode(), digits=6, interval=DIGITS_SECONDS)


def read_token(token: str) -> QrToken:
    """Return what a QR token says. Raises RefusedError ``wrong_code`` where it is none."""
    try:
        content = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        content = b""
    if len(content) != _TOKEN_BYTES or content[: len(_VERSION)] != _VERSION:
        raise RefusedError(Fault("token", Code.WRONG_CHECK_IN_CODE))
    district, shift_id, step = content[1:4], content[4:20], content[20:25]
    return QrToken(f"{int.from_bytes(district):06d}", UUID(bytes=shift_id), int.from_bytes(step), content[25:])


def _content(district: str, shift_id: UUID, step: int) -> bytes:
    return _VERSION + int(district).to_bytes(3) + shift_id.bytes + step.to_bytes(5)


def _step(moment: datetime, seconds: int) -> int:
    return int(moment.timestamp()) // seconds


def _moment(step: int, seconds: int) -> datetime:
    return datetime.fromtimestamp(step * seconds, UTC)
