"""Guessing is slowed down; a crowd at one address, and the owner of an account that others guess at, are not."""

import pytest

from services.registry.accounts.attempts import Attempts
from shared.contracts.faults import Code, Fault
from shared.http.problems import ProblemError
from shared.http.rates import Rates

CAMPUS, GUESSER = "198.51.100.7", "203.0.113.9"
OWNER = "li.station01"


def refused(attempts: Attempts, name: str, address: str) -> ProblemError | None:
    try:
        attempts.log_in(name, address)
    except ProblemError as problem:
        return problem
    return None


def test_the_eleventh_guess_at_an_account_from_an_address_is_429_and_says_when_to_come_back() -> None:
    attempts = Attempts(Rates())
    assert all(refused(attempts, OWNER, GUESSER) is None for _ in range(10))
    problem = refused(attempts, OWNER, GUESSER)
    assert problem is not None
    assert (problem.status, problem.slug, problem.faults) == (
        429,
        "too-many-requests",
        [Fault("user_name", Code.TOO_OFTEN)],
    )
    assert 1 <= int(problem.headers["Retry-After"]) <= 10 * 60


def test_writing_the_name_differently_is_the_same_guess() -> None:
    attempts = Attempts(Rates())
    for name in (OWNER, OWNER.upper(), f" {OWNER} ") * 3:
        attempts.log_in(name, GUESSER)
    attempts.log_in(OWNER, GUESSER)
    assert refused(attempts, OWNER.title(), GUESSER)


def test_the_owner_logs_in_while_somebody_else_guesses() -> None:
    attempts = Attempts(Rates())
    while refused(attempts, OWNER, GUESSER) is None:
        pass
    assert refused(attempts, OWNER, CAMPUS) is None


def test_a_right_password_forgives_the_wrong_ones_before_it() -> None:
    attempts = Attempts(Rates())
    for _ in range(5):
        for _ in range(9):
            attempts.log_in(OWNER, CAMPUS)
        attempts.logged_in(OWNER, CAMPUS)


def test_five_hundred_students_of_one_address_log_in_within_a_minute() -> None:
    attempts = Attempts(Rates())
    for number in range(500):
        attempts.log_in(f"5101150000{number:04}", CAMPUS)


def test_guesses_at_one_account_from_everywhere_end_too_but_not_for_an_address_its_owner_has_used() -> None:
    attempts = Attempts(Rates())
    attempts.log_in(OWNER, CAMPUS)
    attempts.logged_in(OWNER, CAMPUS)
    guesses = 0
    while refused(attempts, OWNER, f"10.0.{guesses // 5}.1") is None:
        guesses += 1
    assert guesses == 100
    assert refused(attempts, OWNER, "192.0.2.1")
    assert refused(attempts, OWNER, CAMPUS) is None


def test_a_code_is_not_guessed_from_one_address_and_a_campus_asks_for_its_codes() -> None:
    attempts = Attempts(Rates())
    for _ in range(10):
        attempts.try_code(OWNER, GUESSER)
    with pytest.raises(ProblemError):
        attempts.try_code(OWNER, GUESSER)
    for student in range(500):
        attempts.ask_for_code(CAMPUS)
        attempts.try_code(f"17{student:09}", CAMPUS)
        attempts.register(CAMPUS)


def test_an_old_password_is_not_guessed_with_a_token_that_was_left_open() -> None:
    attempts = Attempts(Rates())
    for _ in range(10):
        attempts.change_password("account:1")
    with pytest.raises(ProblemError):
        attempts.change_password("account:1")
    attempts.change_password("account:2")
