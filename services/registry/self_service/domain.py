"""The points of contact that a code can go to."""

from services.registry.codes.domain import Channel
from services.registry.people.domain.volunteer import contact_point


def normal_point(channel: Channel, written: str, field: str = "to") -> str:
    """Return a phone number or address in its normal form. Raises RefusedError (missing, format)."""
    return contact_point("phone" if channel is Channel.SMS else "email", written, field)
