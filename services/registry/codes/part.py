"""Codes, put together."""

from collections.abc import Sequence

from services.registry.codes.mail import MailServer
from services.registry.codes.sending import text_work
from services.registry.codes.sms import NoSms, Sms, SmsFile, SmsGateway
from services.registry.people.domain.privacy import KeyRing
from services.registry.settings import Settings
from shared.service.part import Part
from shared.work.kind import WorkKind


def _sms(settings: Settings) -> Sms:
    if settings.sms_gateway_url:
        return SmsGateway(settings.sms_gateway_url, settings.sms_gateway_key.get_secret_value())
    return SmsFile(settings.sms_file) if settings.sms_file else NoSms()


def _work(settings: Settings) -> Sequence[WorkKind]:
    keys = KeyRing(settings.master_key, settings.blind_index_key, settings.contact_public_key)
    mail = MailServer(settings.smtp_host, settings.smtp_port, settings.smtp_from)
    return [text_work(keys, _sms(settings), mail)]


PART = Part(work=_work)
