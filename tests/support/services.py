"""The services, as tests ask for what is common to all of them."""

from importlib import import_module

from deploy.services import SERVICES
from shared.messaging.reactions import Reactions
from shared.service.service import reactions_of

__all__ = ["CONSUMERS", "SERVICES", "reactions"]


def reactions(service: str) -> Reactions:
    """Return everything that a service reacts to."""
    return reactions_of(service, import_module(f"services.{service}.app").PARTS)


CONSUMERS = tuple(service for service in SERVICES if reactions(service).topics)
"""The services that consume."""
