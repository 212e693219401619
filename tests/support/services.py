"""The services, as tests ask for what is common to all of them."""

from importlib import import_module
from pkgutil import walk_packages

from sqlalchemy import Table

from deploy.provision import consumers, reactions
from deploy.services import SERVICES

__all__ = ["CONSUMERS", "SERVICES", "reactions", "tables"]


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


CONSUMERS = tuple(consumers())
"""The services that consume."""
