"""The services, as tests ask for what is common to all of them."""

from importlib import import_module
from pkgutil import walk_packages

from sqlalchemy import Table

from deploy.provision import SERVICES
from shared.messaging.reactions import Reactions
from shared.service.service import reactions_of

__all__ = ["CONSUMERS", "SERVICES", "reactions", "tables"]


def reactions(service: str) -> Reactions:
    """Return everything that a service reacts to."""
    return reactions_of(service, import_module(f"services.{service}.app").PARTS)


def tables(service: str) -> dict[str, Table]:
    """Return a service's tables by name, as the ``tables.py`` of its parts say."""
    package = import_module(f"services.{service}")
    modules = [found.name for found in walk_packages(package.__path__, f"{package.__name__}.")]
    return {
        name: table
        for module in modules
        if module.endswith(".tables")
        for name, table in import_module(module).metadata.tables.items()
    }


CONSUMERS = tuple(service for service in SERVICES if reactions(service).topics)
"""The services that consume."""
