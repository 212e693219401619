"""Pages of qualifications, put together."""

from services.portal.qualifications import api
from services.portal.qualifications.forms import LARGEST_FORM
from shared.service.part import Part

PART = Part(routers=[api.router], larger_bodies={api.OWN: LARGEST_FORM})
