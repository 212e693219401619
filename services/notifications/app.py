"""Notifications, put together."""

from collections.abc import Callable, Mapping

from services.notifications import api
from services.notifications.commands.mail import Mailer, PostOffice
from services.notifications.handlers import REACTIONS
from services.notifications.settings import Settings
from shared.service.part import Loop, Part
from shared.service.service import Service
from shared.store.engine import Store


def _loops(settings: Settings) -> Mapping[str, Callable[[Store], Loop]]:
    post_office = PostOffice(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.smtp_from,
        contact_key=settings.contact_private_key,
    )
    return {"mailer": lambda store: Mailer(store, post_office).run}


PARTS = (Part(routers=[api.router], reactions=REACTIONS, loops=_loops),)


def service() -> Service:
    """Compose the service. Raises ValidationError where a setting is missing or malformed."""
    return Service("notifications", "Linbang notifications", Settings(), PARTS)
