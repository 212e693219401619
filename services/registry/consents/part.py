"""Consents, put together."""

from collections.abc import Sequence

from services.registry.consents.announcing import announcing_work, guardian_contacts_work
from services.registry.consents.api import router
from services.registry.people.domain.privacy import KeyRing
from services.registry.settings import Settings
from shared.service.part import Part
from shared.work.kind import WorkKind


def _work(settings: Settings) -> Sequence[WorkKind]:
    keys = KeyRing(settings.master_key, settings.blind_index_key, settings.contact_public_key)
    return [announcing_work(), guardian_contacts_work(keys)]


PART = Part(routers=[router], work=_work)
