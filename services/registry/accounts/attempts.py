"""How often one may try to log in, to register, or to use a code or an old password (ADR 0014, 0030).

Invariant: guessing at an account never locks its owner out: what is refused is refused to the address that guesses, and
an address that the owner has logged in from stays free of the limit on guesses from everywhere.
"""

from typing import Annotated

from fastapi import Depends, Request
from limits import RateLimitItemPerHour, RateLimitItemPerMinute, RateLimitItemPerMonth

from services.registry.accounts.domain import log_in_name
from shared.http.client_address import ClientAddress
from shared.http.problems import ProblemError
from shared.http.rates import Rates
from shared.ops import metrics

_FROM_ADDRESS = RateLimitItemPerMinute(600, namespace="log-in from")
"""A whole campus may come from one address; this keeps one address from taking all of the password threads."""
_AT_NAME_FROM_ADDRESS = RateLimitItemPerMinute(10, multiples=5, namespace="log-in at, from")
"""Five minutes: the owner may be behind the same address as who guesses."""
_AT_NAME = RateLimitItemPerHour(100, namespace="log-in at")
_KNOWN = RateLimitItemPerMonth(1, namespace="owner's address")
_REGISTRATIONS = RateLimitItemPerMinute(600, multiples=10, namespace="registrations from")
_CHECKS = RateLimitItemPerMinute(6000, multiples=10, namespace="forms checked from")
_CODES = RateLimitItemPerMinute(600, multiples=10, namespace="codes asked for from")
_CODE_TRIES = RateLimitItemPerMinute(10, multiples=15, namespace="codes tried at, from")
_STEP_UPS = RateLimitItemPerMinute(10, multiples=15, namespace="step-ups of")
_OLD_PASSWORD = RateLimitItemPerMinute(10, multiples=15, namespace="old password of")


class Attempts:
    """Counts what people try, by name and by address."""

    def __init__(self, rates: Rates) -> None:
        self._rates = rates

    def log_in(self, name: str, address: str) -> None:
        """Count a try to log in. Raises ProblemError 429."""
        name = log_in_name(name)
        try:
            self._rates.count(_FROM_ADDRESS, "", address)
            self._rates.count(_AT_NAME_FROM_ADDRESS, "user_name", name, address)
            if not self._rates.used_up(_KNOWN, name, address):
                self._rates.count(_AT_NAME, "user_name", name)
        except ProblemError:
            metrics.LOG_IN_REFUSED.labels("rate").inc()
            raise

    def logged_in(self, name: str, address: str) -> None:
        """Forgive the tries before a right password, and know the address as the owner's."""
        name = log_in_name(name)
        self._rates.forget(_AT_NAME_FROM_ADDRESS, name, address)
        self._rates.forget(_AT_NAME, name)
        if not self._rates.used_up(_KNOWN, name, address):
            self._rates.note(_KNOWN, name, address)

    def register(self, address: str) -> None:
        """Count a registration. Raises ProblemError 429."""
        self._rates.count(_REGISTRATIONS, "", address)

    def check_form(self, address: str) -> None:
        """Count a look at a form that is being filled in. Raises ProblemError 429."""
        self._rates.count(_CHECKS, "", address)

    def ask_for_code(self, address: str) -> None:
        """Count a code that somebody asks for. Raises ProblemError 429."""
        self._rates.count(_CODES, "", address)

    def try_code(self, of: str, address: str) -> None:
        """Count a code that somebody types in for a name or number. Raises ProblemError 429."""
        self._rates.count(_CODE_TRIES, "code", of, address)

    def change_password(self, account: str) -> None:
        """Count a try of the old password. Raises ProblemError 429."""
        self._rates.count(_OLD_PASSWORD, "old_password", account)

    def password_changed(self, account: str) -> None:
        """Forgive the tries before the right one."""
        self._rates.forget(_OLD_PASSWORD, account)

    def from_outside(self, address: str) -> None:
        """Count a log-in by an outside issuer. Raises ProblemError 429."""
        self._rates.count(_FROM_ADDRESS, "", address)

    def step_up(self, account: str) -> None:
        """Count a code or password that somebody who is logged in shows. Raises ProblemError 429."""
        self._rates.count(_STEP_UPS, "code", account)

    def stepped_up(self, account: str) -> None:
        """Forgive the tries before the right one."""
        self._rates.forget(_STEP_UPS, account)


async def _attempts(request: Request) -> Attempts:
    attempts: Attempts = request.app.state.attempts
    return attempts


CountedAttempts = Annotated[Attempts, Depends(_attempts)]
Address = ClientAddress
