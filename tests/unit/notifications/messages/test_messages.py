"""Which events are told, and where."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.notifications.messages.domain import PURPOSES, SHAPE, Template, messages_about
from services.notifications.messages.wording import Language, word
from services.notifications.preferences.domain import Channel
from shared.contracts import (
    AbsenceClass,
    AbsenceExcused,
    ActivityCancelled,
    ActivityChanged,
    AgreementExpiring,
    CancellationCause,
    CheckOutMissed,
    ClaimAnswered,
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
    RegistrationSource,
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
    TeamInvitationAccepted,
    TeamInvitationDeclined,
    TeamInvitationExpired,
    TeamInvitationSent,
    TeamInvitationWithdrawn,
    TrainingDelivered,
    TrainingRead,
    TrainingTested,
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
from shared.contracts.envelope import Attributes
from shared.contracts.received import Received

VOLUNTEER, SIGN_UP_ID, RECORD_ID = UUID(int=1), UUID(int=5), UUID(int=6)
HOUR = timedelta(hours=1)
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
        sign_up_id=SIGN_UP_ID,
        shift_id=uuid4(),
        activity_id=uuid4(),
        activity_title=title,
        starts_at=STARTS,
        volunteer_id=VOLUNTEER,
    )


def credited(provenance: Provenance) -> HoursCredited:
    return HoursCredited(
        volunteer_id=VOLUNTEER,
        record_id=RECORD_ID,
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


SHIFT: dict[str, Any] = {
    "shift_id": uuid4(),
    "activity_id": uuid4(),
    "activity_title": "陪伴\n阅读",
    "starts_at": STARTS,
}
SHIFT_FACTS = {"activity_title": "陪伴 阅读", "starts_at": "2026-03-01T01:00:00+00:00"}
OWN = {"sign_up_id": str(SIGN_UP_ID)}
OWN_SHIFT_FACTS = {**SHIFT_FACTS, **OWN}
SIGN_UP: dict[str, Any] = {**SHIFT, "sign_up_id": SIGN_UP_ID, "volunteer_id": VOLUNTEER}
MOVED: dict[str, Any] = {
    "place": "Hall 1",
    "ends_at": STARTS + HOUR,
    "from_starts_at": STARTS - HOUR,
    "from_ends_at": STARTS,
}
LEADER, OTHERS = UUID(int=9), (UUID(int=2), UUID(int=3))
ASKED_AGAIN = SignUpAskedAgain(**SIGN_UP, **MOVED, answer_by=STARTS - HOUR)
CHANGED = ActivityChanged(
    activity_id=uuid4(),
    title="陪伴阅读",
    service="reading",
    station_id=uuid4(),
    place="Hall 1",
    person_in_charge="Ann",
    risk_text="",
    description="",
    changed=("place", "description"),
    volunteer_ids=OTHERS,
)


def withdrawn(reason: WithdrawalReason, **more: Any) -> SignUpWithdrawn:
    return SignUpWithdrawn(**SIGN_UP, reason=reason, **more)


def cancelled(cause: CancellationCause) -> SignUpCancelled:
    return SignUpCancelled(**SIGN_UP, cause=cause, reason="大风")


def waitlisted(**more: Any) -> VolunteerWaitlisted:
    ids = {"sign_up_id": SIGN_UP_ID, "shift_id": uuid4(), "activity_id": uuid4(), "volunteer_id": VOLUNTEER}
    return VolunteerWaitlisted(**ids, queue_number=23, **more)


def answered(*, accepted: bool) -> ClaimAnswered:
    claim = {"claim_id": uuid4(), "sign_up_id": SIGN_UP_ID, "volunteer_id": VOLUNTEER, "activity_title": "陪伴阅读"}
    return ClaimAnswered(**claim, accepted=accepted, minutes=90, reason="")


def excused(title: str | None) -> AbsenceExcused:
    ids = {"sign_up_id": SIGN_UP_ID, "shift_id": uuid4(), "volunteer_id": VOLUNTEER}
    return AbsenceExcused(**ids, absence=AbsenceClass.NO_SHOW, reason="公交停运", activity_title=title)


def corrected(title: str | None) -> HoursCorrected:
    figures = {"minutes": 90, "previous_minutes": 60, "lifetime_minutes": 630}
    return HoursCorrected(volunteer_id=VOLUNTEER, record_id=RECORD_ID, **figures, activity_title=title)


CHECK_OUT_MISSED = CheckOutMissed(
    sign_up_id=SIGN_UP_ID,
    shift_id=uuid4(),
    activity_id=uuid4(),
    activity_title="陪伴阅读",
    volunteer_id=VOLUNTEER,
    checked_in_at=STARTS,
    ends_at=STARTS + HOUR,
)
PLACEMENT = PlacementProposed(
    placement_id=uuid4(),
    allocation_id=uuid4(),
    volunteer_id=VOLUNTEER,
    station_id=uuid4(),
    station_name="柳城社区志愿服务站",
    service="elderly",
    answer_by=STARTS,
)
PAIRING: dict[str, Any] = {
    "pairing_id": uuid4(),
    "station_id": uuid4(),
    "station_name": "柳城社区志愿服务站",
    "rhythm": "weekly",
    "starts_on": date(2026, 12, 1),
}
OF_TEAM: dict[str, Any] = {"team_id": uuid4(), "team_name": "第1服务队", "recipient_ids": (VOLUNTEER,)}
PAPER: dict[str, Any] = {
    "qualification_id": uuid4(),
    "volunteer_id": VOLUNTEER,
    "kind": "first_aid",
    "issued_on": date(2025, 3, 1),
    "expires_on": date(2026, 3, 31),
}
RULE_ASKED = RuleAcceptanceAsked(
    acceptance_id=uuid4(),
    volunteer_id=VOLUNTEER,
    document_id=uuid4(),
    document_version=2,
    title="志愿者守则\n",
    required_from=date(2027, 1, 1),
)
INVITATION: dict[str, Any] = {
    "invitation_id": uuid4(),
    "volunteer_id": VOLUNTEER,
    "team_id": uuid4(),
    "team_name": "法律咨询队",
    "answer_by": STARTS,
}
TRAINING: dict[str, Any] = {
    "delivery_id": uuid4(),
    "material_id": uuid4(),
    "volunteer_id": VOLUNTEER,
    "subject": "上门探访须知",
}
EXPIRED = PlacementExpired(**PLACEMENT.model_dump(exclude={"replaces_id"}))
FORMATION: dict[str, Any] = {
    "formation_id": uuid4(),
    "name": "法律咨询队",
    "kind": "professional",
    "station_id": uuid4(),
    "asked_by_volunteer_id": VOLUNTEER,
}


def of_no_team_any_more(left: str | None, joined: str | None = None) -> VolunteerProfileChanged:
    return VolunteerProfileChanged(
        volunteer_id=VOLUNTEER,
        volunteer_no="V1",
        category="resident",
        registered_on=date(2026, 1, 1),
        left_team=left,
        joined_team=joined,
    )


MERGER = {"volunteer_id": uuid4(), "volunteer_no": "V2", "kept_id": VOLUNTEER, "kept_no": "V1"}

TOLD = [
    (QualificationVerified(**PAPER), Template.QUALIFICATION_VERIFIED),
    (QualificationRefused(**PAPER), Template.QUALIFICATION_REFUSED),
    (QualificationExpiring(**PAPER), Template.QUALIFICATION_EXPIRING),
    (QualificationExpired(**PAPER), Template.QUALIFICATION_EXPIRED),
    (QualificationRevoked(**PAPER), Template.QUALIFICATION_REVOKED),
    (VolunteerTakenOff(**SIGN_UP, reason="", lacking=("first_aid",)), Template.QUALIFICATION_LACKING),
    (VolunteerTakenOff(**SIGN_UP, reason="", guardian_took_back=True), Template.GUARDIAN_TOOK_BACK),
    (RULE_ASKED, Template.RULE_TO_ACCEPT),
    (
        SignUpOffered(**SIGN_UP, place="Hall 1", ends_at=STARTS + HOUR, accept_by=STARTS - HOUR),
        Template.PLACE_OFFERED,
    ),
    (withdrawn(WithdrawalReason.OFFER_EXPIRED), Template.OFFER_EXPIRED),
    (withdrawn(WithdrawalReason.NOT_AGREED), Template.NOT_AGREED),
    (ASKED_AGAIN, Template.SHIFT_MOVED),
    (cancelled(CancellationCause.SHIFT_CANCELLED), Template.SHIFT_CANCELLED),
    (cancelled(CancellationCause.ACTIVITY_CANCELLED), Template.SHIFT_CANCELLED),
    (cancelled(CancellationCause.FEWER_PLACES), Template.PLACE_TAKEN),
    (VolunteerTakenOff(**SIGN_UP, reason="大风"), Template.TAKEN_OFF),
    (CHECK_OUT_MISSED, Template.CHECK_OUT_MISSED),
    (ShiftMissed(**SIGN_UP), Template.SHIFT_MISSED),
    (excused("陪伴阅读"), Template.ABSENCE_EXCUSED),
    (corrected("陪伴阅读"), Template.HOURS_CORRECTED),
    (answered(accepted=True), Template.CLAIM_ACCEPTED),
    (answered(accepted=False), Template.CLAIM_REFUSED),
    (registered(), Template.VOLUNTEER_REGISTERED),
    (sign_up(VolunteerSignedUp), Template.SIGN_UP_CONFIRMED),
    (waitlisted(position=3, activity_title="陪伴阅读", starts_at=STARTS), Template.SIGN_UP_WAITING),
    (sign_up(SignUpPromoted), Template.SIGN_UP_PROMOTED),
    (credited(Provenance.LEADER), Template.HOURS_CREDITED),
    (star(), Template.STAR_LEVEL_REACHED),
    (PLACEMENT, Template.PLACEMENT_PROPOSED),
    (PairingBegun(**PAIRING, volunteer_id=VOLUNTEER), Template.PAIRING_BEGUN),
    (PairingEnded(**PAIRING, volunteer_id=VOLUNTEER, ended_on=date(2027, 11, 30)), Template.PAIRING_ENDED),
    (PairingBegun(**PAIRING, **OF_TEAM), Template.TEAM_PAIRED),
    (PairingEnded(**PAIRING, **OF_TEAM, ended_on=date(2027, 11, 30)), Template.TEAM_PAIRING_ENDED),
    (EXPIRED, Template.PLACEMENT_EXPIRED),
    (TeamFormationApproved(**FORMATION, team_id=uuid4()), Template.TEAM_FORMED),
    (TeamFormationRefused(**FORMATION, reason="已有同类队伍"), Template.TEAM_NOT_FORMED),
    (TeamInvitationSent(**INVITATION), Template.TEAM_INVITED),
    (TrainingDelivered(**TRAINING, has_quiz=True), Template.TRAINING_DELIVERED),
    (TeamInvitationExpired(**INVITATION), Template.TEAM_INVITATION_EXPIRED),
    (of_no_team_any_more("第1服务队", "第2服务队"), Template.TEAM_MERGED),
    (of_no_team_any_more("第1服务队"), Template.TEAM_CLOSED),
    (VolunteersMerged(**MERGER, merged_at=STARTS), Template.ENTRIES_MERGED),
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
        withdrawn(WithdrawalReason.GIVEN_UP, organiser_id=LEADER),
        withdrawn(WithdrawalReason.OFFER_DECLINED),
        withdrawn(WithdrawalReason.GIVEN_UP, place_stays_free=True, organiser_id=VOLUNTEER),
        waitlisted(),
        excused(None),
        corrected(None),
        of_no_team_any_more(None),
        TeamFormationApproved(**FORMATION | {"asked_by_volunteer_id": None}, team_id=uuid4()),
        TrainingRead(**TRAINING),
        TrainingTested(**TRAINING, passed=True),
        TeamInvitationAccepted(**INVITATION),
        TeamInvitationDeclined(**INVITATION),
        TeamInvitationWithdrawn(**INVITATION),
        ShiftMoved(**SHIFT, **MOVED),
        ShiftCancelled(**SHIFT, ends_at=STARTS + HOUR, reason="大风"),
        QualificationExpired(**PAPER, is_renewed=True),
    ],
)
def test_nobody_is_told(event: Event) -> None:
    assert list(messages_about(received(event))) == []


@pytest.mark.parametrize(
    ("event", "template", "told"),
    [
        (ShiftMoved(**SHIFT, **MOVED, waiting_ids=OTHERS), Template.WAITING_MOVED, OTHERS),
        (CHANGED, Template.ACTIVITY_CHANGED, OTHERS),
        (
            withdrawn(WithdrawalReason.GIVEN_UP, place_stays_free=True, organiser_id=LEADER),
            Template.PLACE_FREE,
            (LEADER,),
        ),
        (
            ShiftCancelled(**SHIFT, ends_at=STARTS + HOUR, reason="大风", organiser_id=LEADER),
            Template.LED_SHIFT_CANCELLED,
            (LEADER,),
        ),
        (
            ActivityCancelled(
                activity_id=uuid4(), activity_title="陪伴阅读", reason="大风", shift_ids=(), organiser_id=LEADER
            ),
            Template.LED_ACTIVITY_CANCELLED,
            (LEADER,),
        ),
    ],
)
def test_others_concerned_are_told_each_of_them(event: Event, template: Template, told: tuple[UUID, ...]) -> None:
    messages = list(messages_about(received(event)))
    assert tuple(message.recipient_id for message in messages) == told
    assert {message.template for message in messages} == {template}
    assert all(word(template, language, messages[0].facts).body for language in Language)


@pytest.mark.parametrize(("event", "template"), TOLD)
def test_a_message_names_the_recipient_s_own_sign_up_or_record(event: Event, template: Template) -> None:
    [message] = messages_about(received(event))
    about = {name: message.facts[name] for name in ("sign_up_id", "record_id") if name in message.facts}
    told = {name: str(getattr(event, name)) for name in ("sign_up_id", "record_id") if getattr(event, name, None)}
    assert about == told, template


def test_a_leader_is_not_led_to_somebody_else_s_sign_up() -> None:
    [message] = messages_about(
        received(withdrawn(WithdrawalReason.GIVEN_UP, place_stays_free=True, organiser_id=LEADER))
    )
    assert "sign_up_id" not in message.facts


def test_whoever_did_not_answer_and_the_leader_are_told_of_it_apart() -> None:
    event = withdrawn(WithdrawalReason.OFFER_EXPIRED, place_stays_free=True, organiser_id=LEADER)
    told = {message.recipient_id: message.template for message in messages_about(received(event))}
    assert told == {VOLUNTEER: Template.OFFER_EXPIRED, LEADER: Template.PLACE_FREE}


@pytest.mark.parametrize(
    "event",
    [excused("陪伴阅读"), corrected("陪伴阅读"), credited(Provenance.LEADER)],
    ids=lambda event: type(event).__name__,
)
def test_what_a_claim_has_changed_is_told_with_its_answer_alone(event: Event) -> None:
    assert list(messages_about(received(event.model_copy(update={"claim_id": uuid4()})))) == []
    assert list(messages_about(received(event))) != []


@pytest.mark.parametrize(
    ("language", "said"), [(Language.CHINESE, "未到场不再计入"), (Language.ENGLISH, "not counted any more")]
)
def test_the_answer_to_a_claim_says_that_an_absence_is_not_counted(language: Language, said: str) -> None:
    answer = answered(accepted=True)
    (plain,), (excusing,) = (
        messages_about(received(event)) for event in (answer, answer.model_copy(update={"excused": True}))
    )
    assert said not in word(plain.template, language, plain.facts).body
    assert said in word(excusing.template, language, excusing.facts).body
    before = {name: fact for name, fact in plain.facts.items() if name != "excused"}
    assert word(plain.template, language, before), "as it was stored in the shape before"


def test_every_template_has_a_purpose() -> None:
    assert set(PURPOSES) == set(Template)


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
        3,
        {
            Template.VOLUNTEER_REGISTERED: {"volunteer_no": "V1"},
            Template.SIGN_UP_CONFIRMED: {**OWN_SHIFT_FACTS, "activity_title": "陪伴阅读"},
            Template.SIGN_UP_WAITING: {**OWN_SHIFT_FACTS, "activity_title": "陪伴阅读", "position": 3},
            Template.SIGN_UP_PROMOTED: {**OWN_SHIFT_FACTS, "activity_title": "陪伴阅读"},
            Template.HOURS_CREDITED: {
                "activity_title": "陪伴阅读",
                "minutes": 90,
                "lifetime_minutes": 600,
                "record_id": str(RECORD_ID),
            },
            Template.STAR_LEVEL_REACHED: {"level": 2, "lifetime_minutes": 18000},
            Template.PLACEMENT_PROPOSED: {"station": "柳城社区志愿服务站", "answer_by": STARTS.isoformat()},
            Template.PAIRING_BEGUN: {"station": "柳城社区志愿服务站", "rhythm": "weekly", "starts_on": "2026-12-01"},
            Template.PAIRING_ENDED: {"station": "柳城社区志愿服务站", "ended_on": "2027-11-30"},
            Template.TEAM_PAIRED: {
                "team": "第1服务队",
                "station": "柳城社区志愿服务站",
                "rhythm": "weekly",
                "starts_on": "2026-12-01",
            },
            Template.TEAM_PAIRING_ENDED: {
                "team": "第1服务队",
                "station": "柳城社区志愿服务站",
                "ended_on": "2027-11-30",
            },
            Template.PLACEMENT_EXPIRED: {"station": "柳城社区志愿服务站", "answer_by": STARTS.isoformat()},
            Template.TEAM_FORMED: {"team": "法律咨询队"},
            Template.TEAM_NOT_FORMED: {"team": "法律咨询队", "reason": "已有同类队伍"},
            Template.TRAINING_DELIVERED: {"subject": "上门探访须知", "has_quiz": 1},
            Template.TEAM_INVITED: {"team": "法律咨询队", "answer_by": STARTS.isoformat()},
            Template.TEAM_INVITATION_EXPIRED: {"team": "法律咨询队", "answer_by": STARTS.isoformat()},
            Template.TEAM_MERGED: {"team": "第1服务队", "into": "第2服务队"},
            Template.TEAM_CLOSED: {"team": "第1服务队"},
            Template.ENTRIES_MERGED: {"merged": "V2", "kept": "V1"},
            Template.PLACE_OFFERED: {**OWN_SHIFT_FACTS, "place": "Hall 1", "answer_by": "2026-03-01T00:00:00+00:00"},
            Template.OFFER_EXPIRED: OWN_SHIFT_FACTS,
            Template.NOT_AGREED: OWN_SHIFT_FACTS,
            Template.SHIFT_MOVED: {
                **OWN_SHIFT_FACTS,
                "from_starts_at": "2026-03-01T00:00:00+00:00",
                "ends_at": "2026-03-01T02:00:00+00:00",
                "place": "Hall 1",
                "answer_by": "2026-03-01T00:00:00+00:00",
            },
            Template.SHIFT_CANCELLED: {**OWN_SHIFT_FACTS, "reason": "大风"},
            Template.PLACE_TAKEN: {**OWN_SHIFT_FACTS, "reason": "大风"},
            Template.TAKEN_OFF: {**OWN_SHIFT_FACTS, "reason": "大风"},
            Template.CHECK_OUT_MISSED: {
                **OWN,
                "activity_title": "陪伴阅读",
                "checked_in_at": "2026-03-01T01:00:00+00:00",
            },
            Template.CLAIM_ACCEPTED: {**OWN, "activity_title": "陪伴阅读", "minutes": 90, "reason": "", "excused": 0},
            Template.CLAIM_REFUSED: {**OWN, "activity_title": "陪伴阅读", "minutes": 90, "reason": "", "excused": 0},
            Template.SHIFT_MISSED: OWN_SHIFT_FACTS,
            Template.ABSENCE_EXCUSED: {**OWN, "activity_title": "陪伴阅读", "is_late": 0, "reason": "公交停运"},
            Template.HOURS_CORRECTED: {
                "activity_title": "陪伴阅读",
                "minutes": 90,
                "previous_minutes": 60,
                "lifetime_minutes": 630,
                "record_id": str(RECORD_ID),
            },
            Template.QUALIFICATION_LACKING: {**OWN_SHIFT_FACTS, "kinds": "first_aid"},
            Template.GUARDIAN_TOOK_BACK: OWN_SHIFT_FACTS,
            Template.RULE_TO_ACCEPT: {"title": "志愿者守则", "required_from": "2027-01-01"},
            **{
                template: {"kinds": "first_aid", "expires_on": "2026-03-31"}
                for template in (
                    Template.QUALIFICATION_VERIFIED,
                    Template.QUALIFICATION_REFUSED,
                    Template.QUALIFICATION_EXPIRING,
                    Template.QUALIFICATION_EXPIRED,
                    Template.QUALIFICATION_REVOKED,
                )
            },
        },
    )


STATION: dict[str, Any] = {
    "standing_id": UUID(int=7),
    "station_id": UUID(int=8),
    "station_name": "柳城社区志愿服务站",
    "template": "six-haves.1",
    "recipient_ids": (VOLUNTEER, UUID(int=9)),
}


@pytest.mark.row(12)
def test_a_station_s_managers_and_the_centre_are_told_that_a_criterion_has_lapsed_and_why() -> None:
    event = CriterionLapsed(
        **STATION,
        criterion="activities",
        criterion_name="有长期活动",
        criterion_name_en="Long-term activities",
        cause="computed",
        status="lapsed",
    )
    messages = list(messages_about(received(event)))
    assert [message.recipient_id for message in messages] == [VOLUNTEER, UUID(int=9)]
    chinese, english = (word(messages[0].template, language, messages[0].facts) for language in Language)
    assert "柳城社区志愿服务站" in chinese.subject
    assert "有长期活动" in chinese.subject
    assert "不再是达标站点" in chinese.body
    assert "Long-term activities" in english.subject
    still = event.model_copy(update={"status": "building", "cause": "expired"})
    [message, _] = messages_about(received(still))
    body = word(message.template, Language.CHINESE, message.facts).body
    assert "有效期已过" in body
    assert "不再是达标站点" not in body


@pytest.mark.row(11)
@pytest.mark.parametrize(("status", "told"), [("standard", 2), ("building", 0), ("lapsed", 0)])
def test_that_a_station_is_standard_is_told_and_what_has_lapsed_is_told_by_its_criterion(
    status: str, told: int
) -> None:
    event = StationStatusChanged(**STATION, status=status, previous="planned", lacking=())
    assert len(list(messages_about(received(event)))) == told


@pytest.mark.row(13)
def test_the_centre_is_told_what_of_a_plan_is_missing_after_its_day() -> None:
    event = NetworkTargetMissed(
        plan_id=UUID(int=7),
        title="一中心十站点",
        due_on=date(2026, 7, 31),
        kinds=("centres", "stations"),
        recipient_ids=(VOLUNTEER,),
    )
    [message] = messages_about(received(event))
    text = word(message.template, Language.CHINESE, message.facts)
    assert "2026年7月31日" in text.body
    assert "达标中心、达标站点" in text.body


def test_both_managers_are_told_that_an_agreement_is_about_to_expire_and_until_when_it_holds() -> None:
    managers = (UUID(int=21), UUID(int=22))
    event = AgreementExpiring(
        agreement_id=UUID(int=8),
        organisation_id=UUID(int=9),
        organisation_name="西南财经大学青年志愿者协会",
        station_id=UUID(int=10),
        station_name="柳城社区志愿服务站",
        starts_on=date(2026, 3, 1),
        ends_on=date(2027, 2, 28),
        students=120,
        recipient_ids=managers,
    )
    messages = list(messages_about(received(event)))
    assert [message.recipient_id for message in messages] == list(managers)
    text = word(messages[0].template, Language.CHINESE, messages[0].facts)
    assert all(part in text.body for part in ("西南财经大学青年志愿者协会", "柳城社区志愿服务站", "2027年2月28日"))


@pytest.mark.row(8)
def test_the_other_administrators_are_told_that_a_minor_s_data_is_to_be_read_and_until_when_they_can_answer() -> None:
    others = (UUID(int=31), UUID(int=32))
    event = MinorReadingAsked(reading_id=UUID(int=30), answer_by=STARTS, recipient_ids=others)
    messages = list(messages_about(received(event)))
    assert [message.recipient_id for message in messages] == list(others)
    assert messages[0].facts == {"answer_by": STARTS.isoformat()}  # neither whose data, nor what for, nor who asks


@pytest.mark.row(19)
def test_both_are_told_that_their_entries_are_two_again() -> None:
    event = VolunteerMergeUndone(**MERGER, undone_at=STARTS)
    messages = list(messages_about(received(event)))
    assert {message.recipient_id for message in messages} == {VOLUNTEER, event.volunteer_id}
    assert {message.template for message in messages} == {Template.MERGE_UNDONE}
    assert "还有名额就可以再报名" in word(Template.MERGE_UNDONE, Language.CHINESE, messages[0].facts).body


@pytest.mark.row(59)
def test_who_may_not_move_is_told_by_which_district_and_that_all_stays() -> None:
    event = VolunteerMoveRefused(
        volunteer_id=VOLUNTEER, volunteer_no="V1", to_district="510116", to_district_name="双流区"
    )
    [message] = messages_about(received(event))
    assert (message.recipient_id, message.district) == (VOLUNTEER, "510115")
    text = word(message.template, Language.CHINESE, message.facts)
    assert text.subject == "没有转到双流区"
    assert "没有变化" in text.body
