"""Signs of life, put together."""

from services.portal.live.api import prepare, router, stop
from services.portal.live.domain import TOPICS
from services.portal.live.following import run_beside
from shared.service.part import Part

PART = Part(routers=[router], follows=TOPICS, prepare=prepare, beside=run_beside, stop=stop)
