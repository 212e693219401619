"""When a qualification begins or ends to hold, what its volunteer has signed up for is looked at again."""

from functools import partial

from services.activities.register.projections import QUALIFICATIONS
from services.activities.signing_up.rechecking import recheck_later
from shared.contracts import QualificationExpired, QualificationMoved, QualificationRevoked, QualificationVerified
from shared.messaging.reactions import Reaction

_note = partial(Reaction, projects=QUALIFICATIONS, decides=recheck_later)

REACTIONS = (
    _note(QualificationVerified),
    _note(QualificationExpired),
    _note(QualificationRevoked),
    _note(QualificationMoved),
)
