"""Deliveries, put together."""

from collections.abc import Sequence

from services.notifications.deliveries.api import router
from services.notifications.deliveries.mailer import ENDINGS as OF_MAILS
from services.notifications.deliveries.mailer import PostOffice, mail_work
from services.notifications.deliveries.reactions import REACTIONS
from services.notifications.deliveries.sending_again import sending_again_work
from services.notifications.deliveries.texting import ENDINGS as OF_GUARDIAN_TEXTS
from services.notifications.deliveries.texting import guardian_text_work
from services.notifications.settings import Settings
from shared.ops.sms import sms_of
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
    sms = sms_of(settings.sms_file, settings.sms_gateway_url, settings.sms_gateway_key.get_secret_value())
    return [mail_work(post_office), sending_again_work(), guardian_text_work(sms, settings.contact_private_key)]


PART = Part(
    routers=[router],
    reactions=REACTIONS,
    work=_work,
    endings={**OF_MAILS, **OF_GUARDIAN_TEXTS},
    keys=lambda settings: [SealingKey(setting="CONTACT_PRIVATE_KEY", value=settings.contact_private_key)],
)
