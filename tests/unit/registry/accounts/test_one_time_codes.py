"""Codes that are good once (RFC 6238)."""

import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from services.registry.accounts.one_time_codes import (
    hash_of_code,
    new_recovery_codes,
    new_secret,
    otpauth_uri,
    step_of,
)

NOW = datetime(2026, 3, 1, 9, 0, 10, tzinfo=UTC)
STEP = int(NOW.timestamp()) // 30
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code(seconds: int = 0) -> str:
    return pyotp.TOTP(SECRET).at(NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(("seconds", "step"), [(-30, STEP - 1), (0, STEP), (30, STEP + 1), (-60, None), (60, None)])
def test_a_code_is_taken_within_a_step_of_now(seconds: int, step: int | None) -> None:
    assert step_of(SECRET, code(seconds), 0, NOW) == step


def test_a_code_is_taken_once_and_none_before_it_after() -> None:
    assert step_of(SECRET, code(), STEP, NOW) is None
    assert step_of(SECRET, code(-30), STEP, NOW) is None
    assert step_of(SECRET, code(30), STEP, NOW) == STEP + 1


def test_what_rfc_6238_says_of_its_test_vector() -> None:
    """Appendix B, SHA-1, at 1,111,111,109 s: 07081804 of eight digits, so 081804 of six."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890"
    at = datetime.fromtimestamp(1_111_111_109, UTC)
    assert step_of(secret, "081804", 0, at) == 1_111_111_109 // 30


def test_a_secret_has_160_bits_and_its_uri_names_platform_and_account() -> None:
    secret = new_secret()
    assert re.fullmatch(r"[A-Z2-7]{32}", secret)
    uri = pyotp.parse_uri(otpauth_uri(secret, "admin.510115"))
    assert (uri.secret, uri.name, uri.issuer) == (secret, "admin.510115", "邻帮")


def test_recovery_codes_are_ten_and_read_however_they_are_typed() -> None:
    codes = new_recovery_codes()
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"([a-z2-7]{4}-){3}[a-z2-7]{4}", each) for each in codes)
    assert hash_of_code(codes[0]) == hash_of_code(codes[0].upper().replace("-", " "))
    assert hash_of_code(codes[0]) != hash_of_code(codes[1])
