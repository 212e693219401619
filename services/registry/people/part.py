"""People, put together."""

from fastapi import FastAPI

from services.registry.people import api, public_api
from services.registry.people.coming_of_age import coming_of_age_work, minors_work
from services.registry.people.domain.privacy import KeyRing
from services.registry.people.reactions import REACTIONS
from services.registry.people.roster_import import import_kind
from services.registry.people.sealing_keys import sealing_keys
from services.registry.people.search_index import search_index_work
from services.registry.settings import Settings
from shared.http.public import keep_answers
from shared.service.part import Part
from shared.store.engine import Store


def _keys(settings: Settings) -> KeyRing:
    return KeyRing(settings.master_key, settings.blind_index_key, settings.contact_public_key)


async def _prepare(app: FastAPI, _store: Store, settings: Settings) -> None:
    app.state.keys = _keys(settings)


PART = Part(
    routers=[api.router, public_api.router],
    reactions=REACTIONS,
    imports=lambda settings: {"roster": import_kind(_keys(settings))},
    work=lambda settings: [
        search_index_work(_keys(settings)),
        minors_work(_keys(settings)),
        coming_of_age_work(_keys(settings)),
    ],
    keys=lambda settings: sealing_keys(settings.master_key, settings.blind_index_key, _keys(settings)),
    install=keep_answers,
    prepare=_prepare,
)
