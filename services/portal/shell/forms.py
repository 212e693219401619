"""What a form's faults are called: the service's own sentences, by field."""

from shared.http.upstream import RefusedByServiceError


def faults_of(refused: RefusedByServiceError) -> dict[str, str]:
    """Return each field at fault with its sentence; what is of no field stands under the empty name.

    A page has the field's label before the sentence, so the field's own name at its head, in English, is left out.
    """
    found: dict[str, str] = {}
    for fault in refused.faults:
        field = str(fault.get("field", ""))
        found.setdefault(field, str(fault.get("message", "")).removeprefix(f"{field} "))
    return found or {"": str(refused.problem.get("detail") or refused.problem.get("title", ""))}
