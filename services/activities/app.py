"""Activities, put together."""

from fastapi import FastAPI

from services.activities.api import activities, service_records, sign_ups
from services.activities.commands.record_import import SERVICE_RECORDS
from services.activities.commands.sign_ups import SignUpGroups
from services.activities.handlers import REACTIONS
from services.activities.settings import Settings
from shared.service.part import Part
from shared.service.service import Service
from shared.store.engine import Store


async def _prepare(app: FastAPI, store: Store, _settings: Settings) -> None:
    app.state.sign_up_groups = SignUpGroups(store)


PARTS = (
    Part(
        routers=[activities.router, sign_ups.router, service_records.router],
        reactions=REACTIONS,
        imports=lambda _: {"service-records": SERVICE_RECORDS},
        prepare=_prepare,
    ),
)


def service() -> Service:
    """Compose the service. Raises ValidationError where a setting is missing or malformed."""
    return Service("activities", "Linbang activities", Settings(), PARTS)
