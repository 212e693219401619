"""Places, put together."""

from services.registry.places.api import router
from services.registry.places.reactions import REACTIONS
from services.registry.places.reference_import import import_kinds
from shared.service.part import Part

PART = Part(routers=[router], reactions=REACTIONS, imports=lambda _: import_kinds())
