"""The form of a claim."""

from datetime import datetime, timedelta

from pydantic import BaseModel

from services.portal.shell.clocks import moment_of
from services.portal.shell.forms import LongText, ShortText, faults_of
from shared.contracts.calendar import CHINA
from shared.http.upstream import RefusedByServiceError

_FIELDS = {"started_at": "day", "ended_at": "ends"}


class ClaimForm(BaseModel):
    """When somebody really served: a day and two times of the clock; an end before the begin is of the next day."""

    day: ShortText = ""
    begins: ShortText = ""
    ends: ShortText = ""
    reason: LongText = ""
    key: ShortText = ""

    def body(self) -> dict[str, object]:
        """Return it as activities wants it; a time that is none is left out, and so said to be missing."""
        start, end = moment_of(self.day, self.begins), moment_of(self.day, self.ends)
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
