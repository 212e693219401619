"""What becomes of sign-ups when what their volunteers may take part in is different: qualifications, guardians."""

from functools import partial

from services.activities.register.projections import QUALIFICATIONS
from services.activities.signing_up.guardians import give_up_later
from services.activities.signing_up.rechecking import recheck_later
from shared.contracts import (
    QualificationExpired,
    QualificationMoved,
    QualificationRevoked,
    QualificationVerified,
    VolunteerProfileChanged,
)
from shared.messaging.reactions import History, Reaction

_note = partial(Reaction, projects=QUALIFICATIONS, decides=recheck_later)

REACTIONS = (
    _note(QualificationVerified),
    _note(QualificationExpired),
    _note(QualificationRevoked),
    _note(QualificationMoved),
    Reaction(VolunteerProfileChanged, decides=give_up_later, history=History.IGNORE),
)
