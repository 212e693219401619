"""Signing up, put together."""

from services.activities.signing_up.api import SHORT_WAY, prepare, router
from services.activities.signing_up.guardians import GIVE_UP_WITHOUT_GUARDIAN
from services.activities.signing_up.reactions import REACTIONS
from services.activities.signing_up.rechecking import RECHECK_QUALIFICATIONS
from services.activities.signing_up.settling import SETTLE_PLACES
from shared.service.part import Part

PART = Part(
    routers=[router],
    short_routes=[SHORT_WAY],
    reactions=REACTIONS,
    work=lambda _settings: [SETTLE_PLACES, RECHECK_QUALIFICATIONS, GIVE_UP_WITHOUT_GUARDIAN],
    prepare=prepare,
)
