"""The standard, put together."""

from services.registry.standard import api, network_api
from services.registry.standard.reactions import REACTIONS
from services.registry.standard.reviewing import midnight_work, soon_work
from shared.service.part import Part

PART = Part(
    routers=[api.router, network_api.router],
    reactions=REACTIONS,
    larger_bodies={api.PREFIX: api.LARGEST_BODY},
    work=lambda _: [soon_work(), midnight_work()],
)
