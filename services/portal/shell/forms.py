"""What a form's faults are called: the service's own sentences, by field."""

from shared.http.upstream import RefusedByServiceError


def faults_of(refused: RefusedByServiceError) -> dict[str, str]:
    """Return each field at fault with its sentence; what is of no field stands under the empty name."""
    found: dict[str, str] = {}
    for fault in refused.faults:
        found.setdefault(str(fault.get("field", "")), str(fault.get("message", "")))
    return found or {"": str(refused.problem.get("detail") or refused.problem.get("title", ""))}
