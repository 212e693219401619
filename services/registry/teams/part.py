"""Teams, put together."""

from services.registry.people.domain.privacy import KeyRing
from services.registry.settings import Settings
from services.registry.teams import api, tree_api
from services.registry.teams.members import members_work
from shared.service.part import Part


def _keys(settings: Settings) -> KeyRing:
    return KeyRing(settings.master_key, settings.blind_index_key, settings.contact_public_key)


PART = Part(routers=[api.router, tree_api.router], work=lambda settings: [members_work(_keys(settings))])
