"""What the service notes of surveys of needs."""

from services.activities.needs.projections import NEED_SURVEYS
from shared.contracts import NeedAnswerTakenBack, NeedSurveyClosed, NeedSurveyOpened
from shared.messaging.reactions import Reaction

REACTIONS = (
    Reaction(NeedSurveyOpened, projects=NEED_SURVEYS),
    Reaction(NeedSurveyClosed, projects=NEED_SURVEYS),
    Reaction(NeedAnswerTakenBack, projects=NEED_SURVEYS),
)
