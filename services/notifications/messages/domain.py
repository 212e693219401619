"""Which events are told to whom, and on which channels.

Invariant: a message holds facts without personal data (a title, a time, minutes), so it can be stored in clear and
worded in any language when it is read; the name and the address join it only inside the mailer.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from services.notifications.preferences.domain import Channel, Purpose
from shared.contracts import (
    AbsenceClass,
    AbsenceExcused,
    ActivityCancelled,
    ActivityChanged,
    AgreementExpiring,
    CancellationCause,
    CheckOutMissed,
    ClaimAnswered,
    CorrectionAnswered,
    CriterionLapsed,
    Event,
    HoursCorrected,
    HoursCredited,
    MinorReadingAsked,
    NetworkTargetMissed,
    PairingBegun,
    PairingEnded,
    PlacementExpired,
    PlacementProposed,
    Provenance,
    QualificationExpired,
    QualificationExpiring,
    QualificationRefused,
    QualificationRevoked,
    QualificationVerified,
    RuleAcceptanceAsked,
    ShiftCancelled,
    ShiftMissed,
    ShiftMoved,
    SignUpAskedAgain,
    SignUpCancelled,
    SignUpOffered,
    SignUpPromoted,
    SignUpWithdrawn,
    StarLevelReached,
    StationStatusChanged,
    TeamFormationApproved,
    TeamFormationRefused,
    TeamInvitationExpired,
    TeamInvitationSent,
    TrainingDelivered,
    VolunteerMergeUndone,
    VolunteerMoveRefused,
    VolunteerProfileChanged,
    VolunteerRegistered,
    VolunteerSignedUp,
    VolunteersMerged,
    VolunteerTakenOff,
    VolunteerWaitlisted,
    WithdrawalReason,
)
from shared.contracts.received import Received

Facts = Mapping[str, str | int]


class Template(StrEnum):
    """What a message is about; each has a text in every language under ``templates/``."""

    VOLUNTEER_REGISTERED = "volunteer_registered"
    SIGN_UP_CONFIRMED = "sign_up_confirmed"
    SIGN_UP_WAITING = "sign_up_waiting"
    SIGN_UP_PROMOTED = "sign_up_promoted"
    HOURS_CREDITED = "hours_credited"
    STAR_LEVEL_REACHED = "star_level_reached"
    SHIFT_REMINDER = "shift_reminder"
    PLACE_OFFERED = "place_offered"
    OFFER_EXPIRED = "offer_expired"
    NOT_AGREED = "not_agreed"
    SHIFT_MOVED = "shift_moved"
    WAITING_MOVED = "waiting_moved"
    SHIFT_CANCELLED = "shift_cancelled"
    PLACE_TAKEN = "place_taken"
    TAKEN_OFF = "taken_off"
    ACTIVITY_CHANGED = "activity_changed"
    PLACE_FREE = "place_free"
    LED_SHIFT_CANCELLED = "led_shift_cancelled"
    LED_ACTIVITY_CANCELLED = "led_activity_cancelled"
    CHECK_OUT_MISSED = "check_out_missed"
    CLAIM_ACCEPTED = "claim_accepted"
    CLAIM_REFUSED = "claim_refused"
    SHIFT_MISSED = "shift_missed"
    ABSENCE_EXCUSED = "absence_excused"
    HOURS_CORRECTED = "hours_corrected"
    PLACEMENT_PROPOSED = "placement_proposed"
    PAIRING_BEGUN = "pairing_begun"
    PAIRING_ENDED = "pairing_ended"
    TEAM_PAIRED = "team_paired"
    TEAM_PAIRING_ENDED = "team_pairing_ended"
    CRITERION_LAPSED = "criterion_lapsed"
    STATION_STANDARD = "station_standard"
    TARGET_MISSED = "target_missed"
    AGREEMENT_EXPIRING = "agreement_expiring"
    MINOR_READING_ASKED = "minor_reading_asked"
    QUALIFICATION_VERIFIED = "qualification_verified"
    QUALIFICATION_REFUSED = "qualification_refused"
    QUALIFICATION_EXPIRING = "qualification_expiring"
    QUALIFICATION_EXPIRED = "qualification_expired"
    QUALIFICATION_REVOKED = "qualification_revoked"
    QUALIFICATION_LACKING = "qualification_lacking"
    GUARDIAN_TOOK_BACK = "guardian_took_back"
    RULE_TO_ACCEPT = "rule_to_accept"
    PLACEMENT_EXPIRED = "placement_expired"
    TEAM_INVITED = "team_invited"
    TEAM_INVITATION_EXPIRED = "team_invitation_expired"
    TRAINING_DELIVERED = "training_delivered"
    TEAM_FORMED = "team_formed"
    TEAM_NOT_FORMED = "team_not_formed"
    TEAM_MERGED = "team_merged"
    TEAM_CLOSED = "team_closed"
    ENTRIES_MERGED = "entries_merged"
    MERGE_UNDONE = "merge_undone"
    CORRECTION_ACCEPTED = "correction_accepted"
    CORRECTION_REFUSED = "correction_refused"
    MOVE_REFUSED = "move_refused"


TEMPLATES = tuple(Template)
PURPOSES: Mapping[Template, Purpose] = {
    Template.VOLUNTEER_REGISTERED: Purpose.ACCOUNT,
    Template.SIGN_UP_CONFIRMED: Purpose.PLACE,
    Template.SIGN_UP_WAITING: Purpose.PLACE,
    Template.SIGN_UP_PROMOTED: Purpose.PLACE,
    Template.HOURS_CREDITED: Purpose.HOURS,
    Template.STAR_LEVEL_REACHED: Purpose.HOURS,
    Template.SHIFT_REMINDER: Purpose.REMINDER,
    Template.PLACE_OFFERED: Purpose.PLACE,
    Template.OFFER_EXPIRED: Purpose.PLACE,
    Template.NOT_AGREED: Purpose.PLACE,
    Template.SHIFT_MOVED: Purpose.CHANGE,
    Template.WAITING_MOVED: Purpose.CHANGE,
    Template.SHIFT_CANCELLED: Purpose.CHANGE,
    Template.PLACE_TAKEN: Purpose.CHANGE,
    Template.TAKEN_OFF: Purpose.CHANGE,
    Template.ACTIVITY_CHANGED: Purpose.CHANGE,
    Template.PLACE_FREE: Purpose.LEADING,
    Template.LED_SHIFT_CANCELLED: Purpose.LEADING,
    Template.LED_ACTIVITY_CANCELLED: Purpose.LEADING,
    Template.CHECK_OUT_MISSED: Purpose.ATTENDANCE,
    Template.CLAIM_ACCEPTED: Purpose.ATTENDANCE,
    Template.CLAIM_REFUSED: Purpose.ATTENDANCE,
    Template.SHIFT_MISSED: Purpose.ATTENDANCE,
    Template.ABSENCE_EXCUSED: Purpose.ATTENDANCE,
    Template.HOURS_CORRECTED: Purpose.HOURS,
    Template.PLACEMENT_PROPOSED: Purpose.PLACE,
    Template.PAIRING_BEGUN: Purpose.PLACE,
    Template.PAIRING_ENDED: Purpose.CHANGE,
    Template.TEAM_PAIRED: Purpose.LEADING,
    Template.TEAM_PAIRING_ENDED: Purpose.LEADING,
    Template.CRITERION_LAPSED: Purpose.LEADING,
    Template.STATION_STANDARD: Purpose.LEADING,
    Template.TARGET_MISSED: Purpose.LEADING,
    Template.AGREEMENT_EXPIRING: Purpose.LEADING,
    Template.MINOR_READING_ASKED: Purpose.LEADING,
    Template.QUALIFICATION_VERIFIED: Purpose.ACCOUNT,
    Template.QUALIFICATION_REFUSED: Purpose.ACCOUNT,
    Template.QUALIFICATION_EXPIRING: Purpose.ACCOUNT,
    Template.QUALIFICATION_EXPIRED: Purpose.ACCOUNT,
    Template.QUALIFICATION_REVOKED: Purpose.ACCOUNT,
    Template.QUALIFICATION_LACKING: Purpose.CHANGE,
    Template.GUARDIAN_TOOK_BACK: Purpose.CHANGE,
    Template.RULE_TO_ACCEPT: Purpose.ACCOUNT,
    Template.PLACEMENT_EXPIRED: Purpose.PLACE,
    Template.TEAM_INVITED: Purpose.PLACE,
    Template.TEAM_INVITATION_EXPIRED: Purpose.PLACE,
    Template.TRAINING_DELIVERED: Purpose.ACCOUNT,
    Template.TEAM_FORMED: Purpose.LEADING,
    Template.TEAM_NOT_FORMED: Purpose.LEADING,
    Template.TEAM_MERGED: Purpose.ACCOUNT,
    Template.TEAM_CLOSED: Purpose.ACCOUNT,
    Template.ENTRIES_MERGED: Purpose.ACCOUNT,
    Template.MERGE_UNDONE: Purpose.ACCOUNT,
    Template.CORRECTION_ACCEPTED: Purpose.ACCOUNT,
    Template.CORRECTION_REFUSED: Purpose.ACCOUNT,
    Template.MOVE_REFUSED: Purpose.ACCOUNT,
}
SHAPE = 3
"""Which facts messages have; each is stored with the shape it was made in, and a comparison leaves the facts of others
alone. One more whenever a template's facts change: what was told before is not told again."""
OF_CLOCK = -1
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


Told = tuple[UUID, Template, Facts, tuple[Channel, ...]]
"""Who is told, in which words, with which facts, and where."""


def _told(event: Event) -> Iterator[Told]:
    yield from _told_of_places(event)
    yield from _told_of_pairings(event)
    yield from _told_of_changes(event)
    yield from _told_of_teams(event)
    yield from _told_of_merging(event)
    yield from _told_of_service(event)
    yield from _told_of_stations(event)
    yield from _told_of_qualifications(event)
    yield from _told_of_readings(event)


def _told_of_places(event: Event) -> Iterator[Told]:
    match event:
        case VolunteerSignedUp():
            yield event.volunteer_id, Template.SIGN_UP_CONFIRMED, _own_shift(event), EVERYWHERE
        case VolunteerWaitlisted(activity_title=str(), position=int() as position):
            facts: Facts = {**_own_shift(event), "position": position}
            yield event.volunteer_id, Template.SIGN_UP_WAITING, facts, EVERYWHERE
        case SignUpPromoted():
            yield event.volunteer_id, Template.SIGN_UP_PROMOTED, _own_shift(event), EVERYWHERE
        case SignUpOffered():
            facts = {**_own_shift(event), "place": one_line(event.place), "answer_by": event.accept_by.isoformat()}
            yield event.volunteer_id, Template.PLACE_OFFERED, facts, EVERYWHERE
        case PlacementProposed():
            facts = {"station": one_line(event.station_name), "answer_by": event.answer_by.isoformat()}
            yield event.volunteer_id, Template.PLACEMENT_PROPOSED, facts, EVERYWHERE
        case PlacementExpired():
            facts = {"station": one_line(event.station_name), "answer_by": event.answer_by.isoformat()}
            yield event.volunteer_id, Template.PLACEMENT_EXPIRED, facts, EVERYWHERE
        case SignUpWithdrawn(activity_title=str(), starts_at=datetime()):
            if template := _UNANSWERED.get(event.reason):
                yield event.volunteer_id, template, _own_shift(event), EVERYWHERE
            if event.place_stays_free and event.organiser_id and event.organiser_id != event.volunteer_id:
                yield event.organiser_id, Template.PLACE_FREE, _shift(event), EVERYWHERE


def _told_of_pairings(event: Event) -> Iterator[Told]:
    """Say who is told of a pairing: the volunteer, or a team's leaders; which household, the case worker says."""
    match event:
        case PairingBegun(volunteer_id=UUID() as volunteer_id):
            facts: Facts = {
                "station": one_line(event.station_name),
                "rhythm": event.rhythm,
                "starts_on": event.starts_on.isoformat(),
            }
            yield volunteer_id, Template.PAIRING_BEGUN, facts, EVERYWHERE
        case PairingEnded(volunteer_id=UUID() as volunteer_id):
            facts = {"station": one_line(event.station_name), "ended_on": event.ended_on.isoformat()}
            yield volunteer_id, Template.PAIRING_ENDED, facts, EVERYWHERE
        case PairingBegun(team_name=str() as team):
            facts = {
                "team": one_line(team),
                "station": one_line(event.station_name),
                "rhythm": event.rhythm,
                "starts_on": event.starts_on.isoformat(),
            }
            for recipient_id in event.recipient_ids:
                yield recipient_id, Template.TEAM_PAIRED, facts, EVERYWHERE
        case PairingEnded(team_name=str() as team):
            facts = {
                "team": one_line(team),
                "station": one_line(event.station_name),
                "ended_on": event.ended_on.isoformat(),
            }
            for recipient_id in event.recipient_ids:
                yield recipient_id, Template.TEAM_PAIRING_ENDED, facts, EVERYWHERE


def _told_of_teams(event: Event) -> Iterator[Told]:
    match event:
        case TeamFormationApproved(asked_by_volunteer_id=UUID() as volunteer_id):
            yield volunteer_id, Template.TEAM_FORMED, {"team": one_line(event.name)}, EVERYWHERE
        case TeamFormationRefused(asked_by_volunteer_id=UUID() as volunteer_id):
            facts: Facts = {"team": one_line(event.name), "reason": one_line(event.reason)}
            yield volunteer_id, Template.TEAM_NOT_FORMED, facts, EVERYWHERE
        case TeamInvitationSent() | TeamInvitationExpired():
            is_new = isinstance(event, TeamInvitationSent)
            facts = {"team": one_line(event.team_name), "answer_by": event.answer_by.isoformat()}
            template = Template.TEAM_INVITED if is_new else Template.TEAM_INVITATION_EXPIRED
            yield event.volunteer_id, template, facts, EVERYWHERE
        case TrainingDelivered():
            facts = {"subject": one_line(event.subject), "has_quiz": int(event.has_quiz)}
            yield event.volunteer_id, Template.TRAINING_DELIVERED, facts, EVERYWHERE
        case VolunteerProfileChanged(left_team=str() as left, joined_team=str() as joined):
            facts = {"team": one_line(left), "into": one_line(joined)}
            yield event.volunteer_id, Template.TEAM_MERGED, facts, EVERYWHERE
        case VolunteerProfileChanged(left_team=str() as left):
            yield event.volunteer_id, Template.TEAM_CLOSED, {"team": one_line(left)}, EVERYWHERE


def _told_of_merging(event: Event) -> Iterator[Told]:
    """Say who is told that two entries are one person's, or are two again; then each is told that may be another's."""
    match event:
        case VolunteersMerged():
            facts: Facts = {"merged": event.volunteer_no, "kept": event.kept_no}
            yield event.kept_id, Template.ENTRIES_MERGED, facts, EVERYWHERE
        case VolunteerMergeUndone():
            facts = {"merged": event.volunteer_no, "kept": event.kept_no}
            yield event.kept_id, Template.MERGE_UNDONE, facts, EVERYWHERE
            yield event.volunteer_id, Template.MERGE_UNDONE, facts, EVERYWHERE


_UNANSWERED = {
    WithdrawalReason.OFFER_EXPIRED: Template.OFFER_EXPIRED,
    WithdrawalReason.NOT_AGREED: Template.NOT_AGREED,
}
"""Whoever gives up a place knows of it; whoever has not answered is told."""


def _told_of_changes(event: Event) -> Iterator[Told]:
    match event:
        case SignUpAskedAgain():
            yield event.volunteer_id, Template.SHIFT_MOVED, {**_moved(event), **_of(event)}, EVERYWHERE
        case ShiftMoved():
            for waiting_id in event.waiting_ids:
                yield waiting_id, Template.WAITING_MOVED, _moved(event), EVERYWHERE
        case SignUpCancelled():
            fewer = event.cause is CancellationCause.FEWER_PLACES
            facts: Facts = {**_own_shift(event), "reason": one_line(event.reason)}
            yield event.volunteer_id, Template.PLACE_TAKEN if fewer else Template.SHIFT_CANCELLED, facts, EVERYWHERE
        case VolunteerTakenOff():
            yield _taken_off(event)
        case ActivityChanged():
            facts = {"activity_title": one_line(event.title), "changed": " ".join(event.changed)}
            for volunteer_id in event.volunteer_ids:
                yield volunteer_id, Template.ACTIVITY_CHANGED, facts, EVERYWHERE
        case ShiftCancelled(organiser_id=UUID() as organiser_id):
            facts = {**_shift(event), "reason": one_line(event.reason)}
            yield organiser_id, Template.LED_SHIFT_CANCELLED, facts, EVERYWHERE
        case ActivityCancelled(organiser_id=UUID() as organiser_id):
            facts = {"activity_title": one_line(event.activity_title), "reason": one_line(event.reason)}
            yield organiser_id, Template.LED_ACTIVITY_CANCELLED, facts, EVERYWHERE


def _taken_off(event: VolunteerTakenOff) -> Told:
    if event.lacking:
        facts: Facts = {**_own_shift(event), "kinds": " ".join(event.lacking)}
        return event.volunteer_id, Template.QUALIFICATION_LACKING, facts, EVERYWHERE
    if event.guardian_took_back:
        return event.volunteer_id, Template.GUARDIAN_TOOK_BACK, _own_shift(event), EVERYWHERE
    return event.volunteer_id, Template.TAKEN_OFF, {**_own_shift(event), "reason": one_line(event.reason)}, EVERYWHERE


def _told_of_service(event: Event) -> Iterator[Told]:
    match event:
        case VolunteerRegistered(import_id=None):
            yield event.volunteer_id, Template.VOLUNTEER_REGISTERED, {"volunteer_no": event.volunteer_no}, EVERYWHERE
        case RuleAcceptanceAsked():
            asked: Facts = {"title": one_line(event.title), "required_from": event.required_from.isoformat()}
            yield event.volunteer_id, Template.RULE_TO_ACCEPT, asked, EVERYWHERE
        case CorrectionAnswered():
            template = Template.CORRECTION_ACCEPTED if event.accepted else Template.CORRECTION_REFUSED
            yield event.volunteer_id, template, {"field": event.field}, EVERYWHERE
        case VolunteerMoveRefused():
            yield event.volunteer_id, Template.MOVE_REFUSED, {"to": one_line(event.to_district_name)}, EVERYWHERE
        case CheckOutMissed():
            facts: Facts = {
                "activity_title": one_line(event.activity_title),
                "checked_in_at": event.checked_in_at.isoformat(),
                **_of(event),
            }
            yield event.volunteer_id, Template.CHECK_OUT_MISSED, facts, EVERYWHERE
        case ShiftMissed():
            yield event.volunteer_id, Template.SHIFT_MISSED, _own_shift(event), EVERYWHERE
        case AbsenceExcused(activity_title=str() as title, claim_id=None):
            facts = {
                "activity_title": one_line(title),
                "is_late": int(event.absence is AbsenceClass.LATE_WITHDRAWAL),
                "reason": one_line(event.reason),
                **_of(event),
            }
            yield event.volunteer_id, Template.ABSENCE_EXCUSED, facts, EVERYWHERE
        case ClaimAnswered():
            template = Template.CLAIM_ACCEPTED if event.accepted else Template.CLAIM_REFUSED
            facts = {
                "activity_title": one_line(event.activity_title),
                "minutes": event.minutes,
                "reason": one_line(event.reason),
                "excused": int(event.excused),
                **_of(event),
            }
            yield event.volunteer_id, template, facts, EVERYWHERE
        case _:
            yield from _told_of_hours(event)


def _told_of_hours(event: Event) -> Iterator[Told]:
    """Say who is told of hours; what a claim has changed is told with its answer."""
    match event:
        case HoursCredited(claim_id=None) if event.provenance is not Provenance.IMPORT:
            facts: Facts = {
                "activity_title": one_line(event.activity_title),
                "minutes": event.minutes,
                "lifetime_minutes": event.lifetime_minutes,
                **_of(event),
            }
            yield event.volunteer_id, Template.HOURS_CREDITED, facts, EVERYWHERE
        case HoursCorrected(activity_title=str() as title, claim_id=None):
            facts = {
                "activity_title": one_line(title),
                "minutes": event.minutes,
                "previous_minutes": event.previous_minutes,
                "lifetime_minutes": event.lifetime_minutes,
                **_of(event),
            }
            yield event.volunteer_id, Template.HOURS_CORRECTED, facts, EVERYWHERE
        case StarLevelReached():
            facts = {"level": event.level, "lifetime_minutes": event.lifetime_minutes}
            channels = INBOX_ONLY if event.import_id else EVERYWHERE
            yield event.volunteer_id, Template.STAR_LEVEL_REACHED, facts, channels


def _told_of_stations(event: Event) -> Iterator[Told]:
    """Say who is told of stations and the network: whom the event names, a station's managers and the centre."""
    match event:
        case CriterionLapsed():
            facts: Facts = {
                "station": one_line(event.station_name),
                "criterion": one_line(event.criterion_name),
                "criterion_en": one_line(event.criterion_name_en),
                "cause": event.cause,
                "status": event.status,
            }
            for recipient_id in event.recipient_ids:
                yield recipient_id, Template.CRITERION_LAPSED, facts, EVERYWHERE
        case StationStatusChanged(status="standard"):
            for recipient_id in event.recipient_ids:
                yield recipient_id, Template.STATION_STANDARD, {"station": one_line(event.station_name)}, EVERYWHERE
        case NetworkTargetMissed():
            facts = {"title": one_line(event.title), "due_on": event.due_on.isoformat(), "kinds": " ".join(event.kinds)}
            for recipient_id in event.recipient_ids:
                yield recipient_id, Template.TARGET_MISSED, facts, EVERYWHERE
        case AgreementExpiring():
            facts = {
                "university": one_line(event.organisation_name),
                "station": one_line(event.station_name),
                "ends_on": event.ends_on.isoformat(),
            }
            for recipient_id in event.recipient_ids:
                yield recipient_id, Template.AGREEMENT_EXPIRING, facts, EVERYWHERE


def _told_of_readings(event: Event) -> Iterator[Told]:
    """Say who is told that a minor's data is to be read: those who can answer, and not whose or what for."""
    match event:
        case MinorReadingAsked():
            for recipient_id in event.recipient_ids:
                yield recipient_id, Template.MINOR_READING_ASKED, {"answer_by": event.answer_by.isoformat()}, EVERYWHERE


def _told_of_qualifications(event: Event) -> Iterator[Told]:
    """Say who is told of a qualification; of one that a newer one has taken the place of, nobody is."""
    match event:
        case QualificationExpired(is_renewed=True):
            return
        case (
            QualificationVerified()
            | QualificationRefused()
            | QualificationExpiring()
            | QualificationExpired()
            | QualificationRevoked()
        ):
            expires_on = event.expires_on.isoformat() if event.expires_on else ""
            template = _OF_QUALIFICATIONS[type(event)]
            yield event.volunteer_id, template, {"kinds": event.kind, "expires_on": expires_on}, EVERYWHERE


_OF_QUALIFICATIONS: Mapping[type[Event], Template] = {
    QualificationVerified: Template.QUALIFICATION_VERIFIED,
    QualificationRefused: Template.QUALIFICATION_REFUSED,
    QualificationExpiring: Template.QUALIFICATION_EXPIRING,
    QualificationExpired: Template.QUALIFICATION_EXPIRED,
    QualificationRevoked: Template.QUALIFICATION_REVOKED,
}


class OfShift(Protocol):
    """An event that is about a shift of an activity."""

    @property
    def activity_title(self) -> str | None:
        """The activity's title; some events of earlier versions have none, and are not told."""

    @property
    def starts_at(self) -> datetime | None:
        """When the shift begins."""


def _shift(event: OfShift) -> dict[str, str | int]:
    starts_at = event.starts_at.isoformat() if event.starts_at else ""
    return {"activity_title": one_line(event.activity_title or ""), "starts_at": starts_at}


def _own_shift(event: OfShift) -> Facts:
    """Return the facts for whose sign-up it is: with it, so that the message leads there."""
    return {**_shift(event), **_of(event)}


def _of(event: object) -> Facts:
    """Return which of the recipient's own sign-ups and records an event is about."""
    ids = {name: getattr(event, name, None) for name in ("sign_up_id", "record_id")}
    return {name: str(found) for name, found in ids.items() if found}


def _moved(event: SignUpAskedAgain | ShiftMoved) -> Facts:
    facts = {
        **_shift(event),
        "from_starts_at": event.from_starts_at.isoformat(),
        "ends_at": event.ends_at.isoformat(),
        "place": one_line(event.place),
    }
    return facts if isinstance(event, ShiftMoved) else {**facts, "answer_by": event.answer_by.isoformat()}


def one_line(title: str) -> str:
    """Write a title in one line: it ends up in mail headers, where a line break would begin another header."""
    return " ".join(title.split())
