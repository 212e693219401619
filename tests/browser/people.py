"""Who does something on pages: the administrator, and volunteers that no other test has.

Invariant: each is handed out once, so nothing else of theirs is at the same time, whatever tests run in which order.
The administrator is logged in once for many tests: a log-in is most of what a test's preparation takes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from deploy.demo.district import Session, logged_in, open_account
from shared.store.event_log import now
from tests.support.system import System

Account = tuple[str, str]
"""Name and password."""


_LOG_IN_AGAIN_AFTER = timedelta(minutes=5)
"""A token lasts for fifteen, and for ten of them opens accounts (ADR 0034)."""
_logged_in: dict[str, tuple[datetime, Session]] = {}


@contextmanager
def as_admin(system: System) -> Iterator[Session]:
    """Act as the district's administrator, beside the pages."""
    since, session = _logged_in.get(system.origin, (None, None))
    if session is None or since is None or now() - since > _LOG_IN_AGAIN_AFTER:
        since = now()
        session = system.until_its_end.enter_context(logged_in(system.platform, *system.district.admin))
        _logged_in[system.origin] = since, session
    yield session


def somebody(system: System) -> Account:
    """Return a volunteer who can log in."""
    number = next(system.district.free)
    with as_admin(system) as admin:
        return number, open_account(system.platform, admin, number, volunteer_number=number)


def people(system: System, number: int) -> list[str]:
    """Return the numbers of so many volunteers without an account."""
    return [next(system.district.free) for _ in range(number)]
