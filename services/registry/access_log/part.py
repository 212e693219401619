"""The access log, put together."""

from services.registry.access_log.api import router
from shared.service.part import Part
from shared.store.retention import YEAR, Retention

PART = Part(
    routers=[router],
    retentions=[
        Retention(
            "access_log",
            3 * YEAR,
            "happened_at < :before",
            "Network Data Security Regulation art. 12: three years for data handed on; six months for any other log.",
        ),
        Retention(
            "minor_reading",
            3 * YEAR,
            "asked_at < :before",
            "As the access log, whose readings of minors' data rest on it (未成年人网络保护条例 art. 36, 37).",
        ),
    ],
)
