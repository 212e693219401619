"""Which events are told to whom, and on which channels.

Invariant: a message holds facts without personal data (a title, a time, minutes), so it can be stored in clear and
worded in any language when it is read; the name and the address join it only inside the mailer.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.notifications.preferences.domain import Channel, Purpose
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


class Template(StrEnum):
    """What a message is about; each has a text in every language under ``templates/``."""

    VOLUNTEER_REGISTERED = "volunteer_registered"
    SIGN_UP_CONFIRMED = "sign_up_confirmed"
    SIGN_UP_PROMOTED = "sign_up_promoted"
    HOURS_CREDITED = "hours_credited"
    STAR_LEVEL_REACHED = "star_level_reached"
    SHIFT_REMINDER = "shift_reminder"


TEMPLATES = tuple(Template)
PURPOSES: Mapping[Template, Purpose] = {
    Template.VOLUNTEER_REGISTERED: Purpose.ACCOUNT,
    Template.SIGN_UP_CONFIRMED: Purpose.PLACE,
    Template.SIGN_UP_PROMOTED: Purpose.PLACE,
    Template.HOURS_CREDITED: Purpose.HOURS,
    Template.STAR_LEVEL_REACHED: Purpose.HOURS,
    Template.SHIFT_REMINDER: Purpose.REMINDER,
}
SHAPE = 1
"""Which facts messages have; each is stored with the shape it was made in, and a comparison leaves the facts of others
alone. One more whenever a template's facts change: what was told before is not told again."""
OF_CLOCK = 0
"""The shape of messages, and of their deliveries, that the clock has made: they follow from no event."""
EVERYWHERE = (Channel.IN_APP, Channel.EMAIL)
INBOX_ONLY = (Channel.IN_APP,)


@dataclass(frozen=True, slots=True)
class Message:
    """One event as one person is told of it, once. To that person the event's id is the message's id.

    One that is told ``by_clock`` is of no event; ``event_id`` is the id of the work that told it.
    """

    district: str
    event_id: UUID
    recipient_id: UUID
    template: Template
    facts: Facts
    occurred_at: datetime
    channels: tuple[Channel, ...]
    by_clock: bool = False

    @property
    def caused_by(self) -> str:
        """What caused it, as events say it."""
        return f"{'work' if self.by_clock else 'event'}:{self.event_id}"


def messages_about(received: Received[Event]) -> Iterator[Message]:
    """Return who is told what of an event: one message for each of them, none where nobody is.

    Nobody is mailed about a bulk import, and its registrations and credits are not told at all; a star reached
    through one is shown in the inbox.
    """
    attributes = received.attributes
    for recipient_id, template, facts, channels in _told(received.data):
        yield Message(attributes.district, attributes.id, recipient_id, template, facts, attributes.time, channels)


def _told(event: Event) -> Iterator[tuple[UUID, Template, Facts, tuple[Channel, ...]]]:
    match event:
        case VolunteerRegistered(import_id=None):
            yield event.volunteer_id, Template.VOLUNTEER_REGISTERED, {"volunteer_no": event.volunteer_no}, EVERYWHERE
        case VolunteerSignedUp():
            yield event.volunteer_id, Template.SIGN_UP_CONFIRMED, _shift(event), EVERYWHERE
        case SignUpPromoted():
            yield event.volunteer_id, Template.SIGN_UP_PROMOTED, _shift(event), EVERYWHERE
        case HoursCredited() if event.provenance is not Provenance.IMPORT:
            facts: Facts = {
                "activity_title": one_line(event.activity_title),
                "minutes": event.minutes,
                "lifetime_minutes": event.lifetime_minutes,
            }
            yield event.volunteer_id, Template.HOURS_CREDITED, facts, EVERYWHERE
        case StarLevelReached():
            facts = {"level": event.level, "lifetime_minutes": event.lifetime_minutes}
            channels = INBOX_ONLY if event.import_id else EVERYWHERE
            yield event.volunteer_id, Template.STAR_LEVEL_REACHED, facts, channels


def _shift(event: VolunteerSignedUp | SignUpPromoted) -> Facts:
    return {"activity_title": one_line(event.activity_title), "starts_at": event.starts_at.isoformat()}


def one_line(title: str) -> str:
    """Write a title in one line: it ends up in mail headers, where a line break would begin another header."""
    return " ".join(title.split())
