"""The cookie's value, what the database keeps of it, and how long a session lasts."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.portal.sessions.domain import (
    OPERATOR,
    STAFF_LIFETIME,
    VOLUNTEER,
    Lifetime,
    Session,
    Tokens,
    decrypt,
    encrypt,
    lifetime,
    new_cookie_value,
    read_cookie_value,
)

NOW = datetime(2026, 11, 27, 3, tzinfo=UTC)
KEY = bytes(32)


def session(roles: set[str], *, seen_at: datetime = NOW, ends_at: datetime = NOW + timedelta(days=1)) -> Session:
    tokens = Tokens("access", NOW, "refresh")
    return Session("510115", UUID(int=1), None, frozenset(roles), tokens, NOW, seen_at, ends_at)


def test_a_value_is_read_back_and_never_the_same_twice() -> None:
    values = [new_cookie_value("510115") for _ in range(100)]
    assert len({value.secret for value in values}) == 100
    assert [read_cookie_value(str(value)) for value in values] == values
    assert read_cookie_value("*." + values[0].secret) is not None


@pytest.mark.parametrize(
    "text", ["", "510115", "51011x." + "a" * 43, "510115." + "a" * 42, "510115." + "a" * 43 + "\n"]
)
def test_what_is_none_of_ours_is_not_read(text: str) -> None:
    assert read_cookie_value(text) is None


def test_a_token_opens_for_its_own_session_alone() -> None:
    mine, other = new_cookie_value("510115"), new_cookie_value("510115")
    sealed = encrypt(KEY, "token", mine)
    assert b"token" not in sealed
    assert decrypt(KEY, sealed, mine) == "token"
    assert decrypt(KEY, sealed, other) is None
    assert decrypt(b"1" * 32, sealed, mine) is None


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ({"volunteer"}, VOLUNTEER),
        ({"volunteer", "team_leader"}, STAFF_LIFETIME),
        ({"district_admin"}, STAFF_LIFETIME),
        ({"operator"}, OPERATOR),
    ],
)
def test_the_most_powerful_role_decides_how_long(roles: set[str], expected: Lifetime) -> None:
    assert lifetime(roles) == expected


def test_a_session_ends_at_its_last_moment_or_for_want_of_use() -> None:
    assert not session({"volunteer"}).is_over(NOW)
    assert session({"volunteer"}, ends_at=NOW).is_over(NOW)
    assert session({"volunteer"}, seen_at=NOW - VOLUNTEER.idle).is_over(NOW)
    assert not session({"volunteer"}, seen_at=NOW - STAFF_LIFETIME.idle).is_over(NOW)
    assert session({"auditor"}, seen_at=NOW - STAFF_LIFETIME.idle).is_over(NOW)
