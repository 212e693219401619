"""Which events are told. What a volunteer was not told when it happened is no news later: IGNORE."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.deliveries.projections import MESSAGES
from services.notifications.deliveries.repository import NewDelivery
from services.notifications.deliveries.telling import deliver
from shared.contracts import (
    AbsenceExcused,
    ActivityCancelled,
    ActivityChanged,
    AgreementExpiring,
    CheckOutMissed,
    ClaimAnswered,
    CorrectionAnswered,
    CriterionLapsed,
    HoursCorrected,
    HoursCredited,
    MinorReadingAsked,
    NetworkTargetMissed,
    PairingBegun,
    PairingEnded,
    PlacementExpired,
    PlacementProposed,
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
)
from shared.contracts.received import Received
from shared.messaging.reactions import History, Reaction


async def deliver_new(tx: AsyncConnection, _events: Sequence[Received[Any]], deliveries: Sequence[NewDelivery]) -> None:
    """Have what was not there before delivered."""
    await deliver(tx, deliveries)


_tell = partial(Reaction, projects=MESSAGES, decides=deliver_new, history=History.IGNORE)

REACTIONS = (
    _tell(VolunteerRegistered),
    _tell(VolunteerSignedUp),
    _tell(VolunteerWaitlisted),
    _tell(SignUpPromoted),
    _tell(SignUpOffered),
    _tell(SignUpWithdrawn),
    _tell(SignUpAskedAgain),
    _tell(SignUpCancelled),
    _tell(VolunteerTakenOff),
    _tell(ShiftMoved),
    _tell(ShiftCancelled),
    _tell(ActivityChanged),
    _tell(ActivityCancelled),
    _tell(PlacementProposed),
    _tell(PairingBegun),
    _tell(PairingEnded),
    _tell(QualificationVerified),
    _tell(QualificationRefused),
    _tell(QualificationExpiring),
    _tell(QualificationExpired),
    _tell(QualificationRevoked),
    _tell(RuleAcceptanceAsked),
    _tell(PlacementExpired),
    _tell(TeamFormationApproved),
    _tell(TeamFormationRefused),
    _tell(TeamInvitationSent),
    _tell(TeamInvitationExpired),
    _tell(TrainingDelivered),
    _tell(VolunteerProfileChanged),
    _tell(VolunteersMerged),
    _tell(VolunteerMergeUndone),
    _tell(CorrectionAnswered),
    _tell(VolunteerMoveRefused),
    _tell(CheckOutMissed),
    _tell(ShiftMissed),
    _tell(AbsenceExcused),
    _tell(ClaimAnswered),
    _tell(HoursCredited),
    _tell(HoursCorrected),
    _tell(StarLevelReached),
    _tell(CriterionLapsed),
    _tell(StationStatusChanged),
    _tell(NetworkTargetMissed),
    _tell(AgreementExpiring),
    _tell(MinorReadingAsked),
)
