"""Notifications, put together."""

from services.notifications import api
from services.notifications.commands.mail import Mailer, PostOffice
from services.notifications.handlers import HANDLERS, STATE_HANDLERS
from services.notifications.settings import Settings
from shared.runtime import Service


def service() -> Service:
    """Compose the service. Raises ValidationError where a setting is missing or malformed."""
    settings = Settings()
    post_office = PostOffice(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.smtp_from,
        contact_key=settings.contact_private_key,
    )
    return Service(
        name="notifications",
        title="Linbang notifications",
        settings=settings,
        routers=[api.router],
        handlers=HANDLERS,
        state_handlers=STATE_HANDLERS,
        loops={"mailer": lambda store: Mailer(store, post_office).run},
    )
