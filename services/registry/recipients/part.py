"""Recipients, put together."""

from services.registry.recipients import api, pairings_api
from shared.service.part import Part
from shared.store.retention import YEAR, Retention

PART = Part(
    routers=[api.router, pairings_api.router],
    retentions=[
        Retention(
            "household_file",
            3 * YEAR,
            "(district, household_id) IN (SELECT district, id FROM household WHERE closed_on < :before)",
            "PIPL art. 19: no longer than is needed; after three years nobody asks about care that has ended.",
        )
    ],
)
