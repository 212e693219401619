"""Surveys of needs, put together."""

from services.registry.surveys import api, public_api
from services.registry.surveys.answer_import import NEED_ANSWERS
from services.registry.surveys.turning import closing_work, opening_work
from shared.service.part import Part

PART = Part(
    routers=[api.router, public_api.router],
    imports=lambda _: {"need-answers": NEED_ANSWERS},
    work=lambda _: [opening_work(), closing_work()],
)
