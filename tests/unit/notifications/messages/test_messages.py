"""Which events are told, and where."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest

from services.notifications.messages.domain import SHAPE, Template, messages_about
from services.notifications.messages.wording import Language, word
from services.notifications.preferences.domain import Channel
from shared.contracts import (
    Event,
    HoursCredited,
    Provenance,
    RegistrationSource,
    SignUpPromoted,
    SignUpWithdrawn,
    StarLevelReached,
    VolunteerRegistered,
    VolunteerSignedUp,
)
from shared.contracts.envelope import Attributes
from shared.contracts.received import Received

VOLUNTEER = UUID(int=1)
STARTS = datetime(2026, 3, 1, 1, 0, tzinfo=UTC)


def received(event: Event) -> Received[Event]:
    attributes = Attributes(uuid4(), event.event_type(), STARTS, str(VOLUNTEER), 1, "510115")
    return Received(attributes, event)


def registered(import_id: UUID | None = None) -> VolunteerRegistered:
    source = RegistrationSource.IMPORT if import_id else RegistrationSource.SELF
    return VolunteerRegistered(
        volunteer_id=VOLUNTEER,
        volunteer_no="V1",
        category="resident",
        registered_on=date(2026, 3, 1),
        source=source,
        import_id=import_id,
    )


def sign_up(event: type[VolunteerSignedUp] | type[SignUpPromoted], title: str = "陪伴阅读") -> Event:
    return event(
        sign_up_id=uuid4(),
        shift_id=uuid4(),
        activity_id=uuid4(),
        activity_title=title,
        starts_at=STARTS,
        volunteer_id=VOLUNTEER,
    )


def credited(provenance: Provenance) -> HoursCredited:
    return HoursCredited(
        volunteer_id=VOLUNTEER,
        record_id=uuid4(),
        minutes=90,
        lifetime_minutes=600,
        activity_title="陪伴阅读",
        provenance=provenance,
    )


def star(import_id: UUID | None = None) -> StarLevelReached:
    return StarLevelReached(
        volunteer_id=VOLUNTEER,
        level=2,
        previous_level=1,
        lifetime_minutes=18000,
        rule_set="510115/2025.1",
        import_id=import_id,
    )


TOLD = [
    (registered(), Template.VOLUNTEER_REGISTERED),
    (sign_up(VolunteerSignedUp), Template.SIGN_UP_CONFIRMED),
    (sign_up(SignUpPromoted), Template.SIGN_UP_PROMOTED),
    (credited(Provenance.LEADER), Template.HOURS_CREDITED),
    (star(), Template.STAR_LEVEL_REACHED),
]


@pytest.mark.parametrize(("event", "template"), TOLD)
def test_a_volunteer_is_told_on_every_channel(event: Event, template: Template) -> None:
    [message] = messages_about(received(event))
    assert (message.recipient_id, message.template) == (VOLUNTEER, template)
    assert message.channels == (Channel.IN_APP, Channel.EMAIL)
    assert all(word(template, language, message.facts).body for language in Language)


@pytest.mark.parametrize(
    "event",
    [
        registered(import_id=uuid4()),
        credited(Provenance.IMPORT),
        SignUpWithdrawn(sign_up_id=uuid4(), shift_id=uuid4(), activity_id=uuid4(), volunteer_id=VOLUNTEER),
    ],
)
def test_nobody_is_told(event: Event) -> None:
    assert list(messages_about(received(event))) == []


def test_a_star_reached_through_an_import_is_not_mailed() -> None:
    [message] = messages_about(received(star(import_id=uuid4())))
    assert message.channels == (Channel.IN_APP,)


def test_a_title_cannot_begin_a_mail_header() -> None:
    [message] = messages_about(received(sign_up(VolunteerSignedUp, "Reading\r\nBcc: all@example.org")))
    assert message.facts["activity_title"] == "Reading Bcc: all@example.org"


def test_the_facts_of_a_shape_stay_what_they_are() -> None:
    """Messages are stored in the shape they were made in, and compared with what is made in the same one today.

    Whoever changes the facts of a template counts SHAPE up, and puts down here what they are from then on.
    """
    facts = {template: message.facts for event, template in TOLD for message in messages_about(received(event))}
    assert (SHAPE, facts) == (
        1,
        {
            Template.VOLUNTEER_REGISTERED: {"volunteer_no": "V1"},
            Template.SIGN_UP_CONFIRMED: {"activity_title": "陪伴阅读", "starts_at": "2026-03-01T01:00:00+00:00"},
            Template.SIGN_UP_PROMOTED: {"activity_title": "陪伴阅读", "starts_at": "2026-03-01T01:00:00+00:00"},
            Template.HOURS_CREDITED: {"activity_title": "陪伴阅读", "minutes": 90, "lifetime_minutes": 600},
            Template.STAR_LEVEL_REACHED: {"level": 2, "lifetime_minutes": 18000},
        },
    )
