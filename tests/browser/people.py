"""Who does something on pages: the administrator, and volunteers that no other test has.

Invariant: each is handed out once, so nothing else of theirs is at the same time, whatever tests run in which order.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from deploy.demo.district import Session, logged_in, open_account
from tests.support.system import System

Account = tuple[str, str]
"""Name and password."""


@contextmanager
def as_admin(system: System) -> Iterator[Session]:
    """Act as the district's administrator, beside the pages."""
    with logged_in(system.platform, *system.district.admin) as session:
        yield session


def somebody(system: System) -> Account:
    """Return a volunteer who can log in."""
    number = next(system.district.free)
    with as_admin(system) as admin:
        return number, open_account(system.platform, admin, number, volunteer_number=number)


def people(system: System, number: int) -> list[str]:
    """Return the numbers of so many volunteers without an account."""
    return [next(system.district.free) for _ in range(number)]
