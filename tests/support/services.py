"""The services, as tests ask for what is common to all of them."""

from deploy.provision import SERVICES, consumers, reactions

__all__ = ["CONSUMERS", "SERVICES", "reactions"]

CONSUMERS = tuple(consumers())
"""The services that consume."""
