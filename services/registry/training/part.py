"""Training, put together."""

from services.registry.training.api import LIBRARY, router
from services.registry.training.telling_all import delivering_work
from shared.contracts.evidence import LARGEST_EVIDENCE
from shared.service.part import Part

_FORM = 2 * LARGEST_EVIDENCE
"""A document in base64, and what else a form says."""

PART = Part(routers=[router], work=lambda _: [delivering_work()], larger_bodies={f"/v1{LIBRARY}": _FORM})
