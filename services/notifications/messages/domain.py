"""Which events a volunteer is told about, and on which channels.

Invariant: a message holds facts without personal data (a title, a time, minutes), so it can be stored in clear and
worded in any language when it is read; the name and the address join it only inside the mailer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.contracts import (
    Event,
    HoursCredited,
    Provenance,
    SignUpPromoted,
    StarLevelReached,
    VolunteerRegistered,
    VolunteerSignedUp,
)
from shared.contracts.received import Received

Facts = Mapping[str, str | int]


class Channel(StrEnum):
    """How a message reaches a person."""

    IN_APP = "in_app"
    EMAIL = "email"


class Template(StrEnum):
    """What a message is about; each has a text in every language under ``templates/``."""

    VOLUNTEER_REGISTERED = "volunteer_registered"
    SIGN_UP_CONFIRMED = "sign_up_confirmed"
    SIGN_UP_PROMOTED = "sign_up_promoted"
    HOURS_CREDITED = "hours_credited"
    STAR_LEVEL_REACHED = "star_level_reached"


EVERYWHERE = (Channel.IN_APP, Channel.EMAIL)
INBOX_ONLY = (Channel.IN_APP,)


@dataclass(frozen=True, slots=True)
class Message:
    """One event as one volunteer is told of it. The event's id is the message's id."""

    district: str
    event_id: UUID
    volunteer_id: UUID
    template: Template
    facts: Facts
    occurred_at: datetime
    channels: tuple[Channel, ...]


def message_about(received: Received[Event]) -> Message | None:
    """Return what a volunteer is told of an event, or None where nobody is.

    Nobody is mailed about a bulk import, and its registrations and credits are not told at all; a star reached
    through one is shown in the inbox.
    """
    told = _told(received.data)
    if told is None:
        return None
    volunteer_id, template, facts, channels = told
    attributes = received.attributes
    return Message(attributes.district, attributes.id, volunteer_id, template, facts, attributes.time, channels)


def _told(event: Event) -> tuple[UUID, Template, Facts, tuple[Channel, ...]] | None:
    match event:
        case VolunteerRegistered(import_id=None):
            return event.volunteer_id, Template.VOLUNTEER_REGISTERED, {"volunteer_no": event.volunteer_no}, EVERYWHERE
        case VolunteerSignedUp():
            return event.volunteer_id, Template.SIGN_UP_CONFIRMED, _shift(event), EVERYWHERE
        case SignUpPromoted():
            return event.volunteer_id, Template.SIGN_UP_PROMOTED, _shift(event), EVERYWHERE
        case HoursCredited() if event.provenance is not Provenance.IMPORT:
            facts: Facts = {
                "activity_title": _one_line(event.activity_title),
                "minutes": event.minutes,
                "lifetime_minutes": event.lifetime_minutes,
            }
            return event.volunteer_id, Template.HOURS_CREDITED, facts, EVERYWHERE
        case StarLevelReached():
            facts = {"level": event.level, "lifetime_minutes": event.lifetime_minutes}
            channels = INBOX_ONLY if event.import_id else EVERYWHERE
            return event.volunteer_id, Template.STAR_LEVEL_REACHED, facts, channels
        case _:
            return None


def _shift(event: VolunteerSignedUp | SignUpPromoted) -> Facts:
    return {"activity_title": _one_line(event.activity_title), "starts_at": event.starts_at.isoformat()}


def _one_line(title: str) -> str:
    """Titles end up in mail headers, where a line break would begin another header."""
    return " ".join(title.split())
