"""The form of notices."""

from collections.abc import Mapping, Sequence
from datetime import time

from pydantic import BaseModel, Field

from services.portal.shell.forms import ShortText, faults_of
from shared.http.upstream import RefusedByServiceError

QUIET_FROM, QUIET_UNTIL = "22:00", "07:00"
"""What is filled in where nobody has said when no mail is to come."""
_FIELDS = {"quiet_hours.starts": "starts", "quiet_hours.ends": "ends"}


class NoticesForm(BaseModel):
    """What is wanted, each as ``purpose/channel``; the purposes that were asked about; and when no mail is to come."""

    wanted: list[ShortText] = Field([], max_length=100)
    asked: list[ShortText] = Field([], max_length=50)
    quiet: ShortText = ""
    starts: ShortText = QUIET_FROM
    ends: ShortText = QUIET_UNTIL

    def wants(self, purpose: str, channel: str) -> bool:
        """Return whether messages for a purpose are to come on a channel."""
        return f"{purpose}/{channel}" in self.wanted

    def body(self) -> dict[str, object]:
        """Return it as notifications wants it."""
        pairs = [entry.partition("/") for entry in self.wanted]
        return {
            "channels": {purpose: [channel for of, _, channel in pairs if of == purpose] for purpose in self.asked},
            "quiet_hours": {"starts": self.starts, "ends": self.ends} if self.quiet else None,
        }


def filled(channels: Mapping[str, Sequence[str]], quiet: tuple[time, time] | None) -> NoticesForm:
    """Return the form as it was said last: the channels of each purpose, and from when to when no mail is to come."""
    wanted = [f"{purpose}/{channel}" for purpose, named in channels.items() for channel in named]
    starts, ends = (f"{clock:%H:%M}" for clock in quiet) if quiet else (QUIET_FROM, QUIET_UNTIL)
    return NoticesForm(wanted=wanted, quiet="1" if quiet else "", starts=starts, ends=ends)


def notice_faults(refused: RefusedByServiceError) -> dict[str, str]:
    """Return each field at fault with its sentence."""
    return {_FIELDS.get(field, field): said for field, said in faults_of(refused).items()}
