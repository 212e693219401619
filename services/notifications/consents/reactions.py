"""What becomes of what volunteers state about being mailed: from its event on, nothing else is sent to them."""

from services.notifications.consents.projections import NOTICE_CONSENTS
from shared.contracts import ConsentGiven, ConsentWithdrawn
from shared.messaging.reactions import Reaction

REACTIONS = (
    Reaction(ConsentGiven, projects=NOTICE_CONSENTS),
    Reaction(ConsentWithdrawn, projects=NOTICE_CONSENTS),
)
