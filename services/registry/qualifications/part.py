"""Qualifications, put together."""

from services.registry.qualifications.api import OWN, router
from services.registry.qualifications.expiring import expiring_work, expiry_work
from shared.contracts.evidence import LARGEST_EVIDENCE
from shared.service.part import Part
from shared.store.retention import YEAR, Retention

_FORM = 2 * LARGEST_EVIDENCE
"""A picture in base64, and what else a form says."""

PART = Part(
    routers=[router],
    work=lambda _: [expiring_work(), expiry_work()],
    larger_bodies={f"/v1{OWN}": _FORM},
    retentions=[
        Retention(
            "qualification",
            2 * YEAR,
            "ended_at < :before",
            "What holds no more, with its picture: asked about in the year's report and the one after (PIPL art. 19).",
        )
    ],
)
