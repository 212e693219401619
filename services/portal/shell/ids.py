"""Ids, as addresses and forms name them."""

from uuid import UUID

from shared.http.problems import ProblemError


def uuid_of(text: str) -> UUID | None:
    """Return the id that an address or a form names, or None where it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def id_of(text: str) -> UUID:
    """Return the id that an address names. Raises ProblemError 404 where it is none: there is no such page."""
    found = uuid_of(text)
    if found is None:
        raise ProblemError(404, "not-found")
    return found
