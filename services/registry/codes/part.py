"""Codes, put together."""

from collections.abc import Sequence

from services.registry.codes.mail import MailServer
from services.registry.codes.sending import text_work
from services.registry.people.domain.privacy import KeyRing
from services.registry.settings import Settings
from shared.ops.sms import sms_of
from shared.service.part import Part
from shared.work.kind import WorkKind


def _work(settings: Settings) -> Sequence[WorkKind]:
    keys = KeyRing(settings.master_key, settings.blind_index_key, settings.contact_public_key)
    mail = MailServer(settings.smtp_host, settings.smtp_port, settings.smtp_from)
    sms = sms_of(settings.sms_file, settings.sms_gateway_url, settings.sms_gateway_key.get_secret_value())
    return [text_work(keys, sms, mail)]


PART = Part(work=_work)
