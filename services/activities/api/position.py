"""Where a page begins. Invariant: a cursor that we did not make is refused, not run into."""

from collections.abc import Callable
from typing import Any

from shared.contracts.faults import Fault
from shared.http.pages import PageRequest
from shared.http.problems import ProblemError


def position(page: PageRequest, *readers: Callable[[str], Any]) -> tuple[Any, ...] | None:
    """Return the values that the page's cursor holds, each read by its reader; None for the first page.

    Raises ProblemError 422 where they cannot be read.
    """
    if page.after is None:
        return None
    try:
        return tuple(read(value) for read, value in zip(readers, page.after, strict=True))
    except ValueError:
        raise ProblemError(422, "invalid-request", [Fault("cursor", "format")]) from None
