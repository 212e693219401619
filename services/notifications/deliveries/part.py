"""Deliveries, put together."""

from collections.abc import Callable, Mapping

from services.notifications.deliveries.api import router
from services.notifications.deliveries.mailer import Mailer, PostOffice
from services.notifications.deliveries.reactions import REACTIONS
from services.notifications.settings import Settings
from shared.service.part import Loop, Part
from shared.store.engine import Store


def _loops(settings: Settings) -> Mapping[str, Callable[[Store], Loop]]:
    post_office = PostOffice(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.smtp_from,
        contact_key=settings.contact_private_key,
    )
    return {"mailer": lambda store: Mailer(store, post_office).run}


PART = Part(routers=[router], reactions=REACTIONS, loops=_loops)
