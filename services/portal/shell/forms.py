"""What the texts of a form may be, and what its faults are called: the service's own sentences, by field."""

from typing import Annotated

from pydantic import StringConstraints

from shared.http.upstream import RefusedByServiceError

ShortText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
"""A line without the spaces around it: as long as registry lets any of its texts be."""
LongText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=5000)]
"""Several lines without the spaces around them. Longer than activities lets any of its texts be, which says itself
which field is too long; what is longer still is no form of ours."""


def faults_of(refused: RefusedByServiceError) -> dict[str, str]:
    """Return each field at fault with its sentence; what is of no field stands under the empty name.

    A page has the field's label before the sentence, so the field's own name at its head, in English, is left out.
    """
    found: dict[str, str] = {}
    for fault in refused.faults:
        field = str(fault.get("field", ""))
        found.setdefault(field, str(fault.get("message", "")).removeprefix(f"{field} "))
    return found or {"": str(refused.problem.get("detail") or refused.problem.get("title", ""))}
