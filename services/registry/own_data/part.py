"""Own data, put together."""

from collections.abc import Sequence

from services.registry.own_data.api import router
from services.registry.own_data.erasure import erasure_work
from services.registry.own_data.reactions import REACTIONS
from services.registry.people.domain.privacy import KeyRing
from services.registry.settings import Settings
from shared.service.part import Part
from shared.work.kind import WorkKind


def _work(settings: Settings) -> Sequence[WorkKind]:
    return [erasure_work(KeyRing(settings.master_key, settings.blind_index_key, settings.contact_public_key))]


PART = Part(routers=[router], reactions=REACTIONS, work=_work)
