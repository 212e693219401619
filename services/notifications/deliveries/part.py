"""Deliveries, put together."""

from collections.abc import Sequence

from services.notifications.deliveries.api import router
from services.notifications.deliveries.mailer import ENDINGS, PostOffice, mail_work
from services.notifications.deliveries.reactions import REACTIONS
from services.notifications.settings import Settings
from shared.service.part import Part
from shared.store.key_check import SealingKey
from shared.work.kind import WorkKind


def _work(settings: Settings) -> Sequence[WorkKind]:
    post_office = PostOffice(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.smtp_from,
        contact_key=settings.contact_private_key,
    )
    return [mail_work(post_office)]


PART = Part(
    routers=[router],
    reactions=REACTIONS,
    work=_work,
    endings=ENDINGS,
    keys=lambda settings: [SealingKey(setting="CONTACT_PRIVATE_KEY", value=settings.contact_private_key)],
)
