"""Individuals, put together."""

from services.registry.individuals.api import router
from services.registry.individuals.expiring import expiry_work
from shared.service.part import Part
from shared.store.retention import YEAR, Retention

PART = Part(
    routers=[router],
    work=lambda _: [expiry_work()],
    retentions=[
        Retention(
            "individual_contact",
            2 * YEAR,
            "noted_at < :before",
            "What was talked about is of use for the next talk; after two years it is not needed (PIPL art. 19).",
        )
    ],
)
