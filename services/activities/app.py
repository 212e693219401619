"""Activities, put together."""

from fastapi import FastAPI

from services.activities.api import activities, service_records, sign_ups
from services.activities.commands.record_import import SERVICE_RECORDS
from services.activities.commands.sign_ups import SignUpGroups
from services.activities.handlers import HANDLERS
from services.activities.settings import Settings
from shared.runtime import Service
from shared.store.engine import Store


def service() -> Service:
    """Compose the service. Raises ValidationError where a setting is missing or malformed."""
    return Service(
        name="activities",
        title="Linbang activities",
        settings=Settings(),
        routers=[activities.router, sign_ups.router, service_records.router],
        handlers=HANDLERS,
        imports={"service-records": SERVICE_RECORDS},
        prepare=_prepare,
    )


async def _prepare(app: FastAPI, store: Store) -> None:
    app.state.sign_up_groups = SignUpGroups(store)
