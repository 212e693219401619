"""The form of a claim."""

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, StringConstraints

from services.portal.shell.forms import faults_of
from shared.contracts.calendar import CHINA
from shared.http.upstream import RefusedByServiceError

Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
_FIELDS = {"started_at": "day", "ended_at": "ends"}


class ClaimForm(BaseModel):
    """When somebody really served: a day and two times of the clock; an end before the begin is of the next day."""

    day: Line = ""
    begins: Line = ""
    ends: Line = ""
    reason: Line = ""
    key: Line = ""

    def body(self) -> dict[str, object]:
        """Return it as activities wants it; a time that is none is left out, and so said to be missing."""
        start, end = _moment(self.day, self.begins), _moment(self.day, self.ends)
        if start and end and end <= start:
            end += timedelta(days=1)
        return {
            "started_at": start and start.isoformat(),
            "ended_at": end and end.isoformat(),
            "reason": self.reason,
        }


def filled(started_at: datetime, ended_at: datetime) -> ClaimForm:
    """Return the form with the times that are on file."""
    start, end = started_at.astimezone(CHINA), ended_at.astimezone(CHINA)
    return ClaimForm(day=f"{start:%Y-%m-%d}", begins=f"{start:%H:%M}", ends=f"{end:%H:%M}")


def claim_faults(refused: RefusedByServiceError) -> dict[str, str]:
    """Return each field at fault with its sentence."""
    return {_FIELDS.get(field, field): said for field, said in faults_of(refused).items()}


def _moment(day: str, clock: str) -> datetime | None:
    try:
        return datetime.strptime(f"{day} {clock[:5]}", "%Y-%m-%d %H:%M").replace(tzinfo=CHINA)
    except ValueError:
        return None
