"""The background roles of a service: relay, consumer, importer, and those of its own parts.

Invariant: roles share nothing but the database, so they may be in one process or in many.
"""

import base64
from collections.abc import Callable
from functools import partial

from shared.imports.importer import Importer
from shared.messaging.consumer import Consumer
from shared.messaging.group_client import Membership
from shared.messaging.positions import pass_end_of
from shared.messaging.relay import Relay
from shared.service.part import Loop
from shared.service.service import Service
from shared.store.engine import Store


def background_roles(service: Service) -> dict[str, Callable[[Store], Loop]]:
    """Return the background roles that a service has, each to be given the worker's store."""
    settings = service.settings
    servers, prefix = settings.kafka_bootstrap_servers, settings.topic_prefix
    loops: dict[str, Callable[[Store], Loop]] = {"relay": lambda store: Relay(store, servers, prefix).run}
    if service.reactions.topics:
        loops["consumer"] = lambda store: (
            Consumer(
                service.reactions,
                store,
                servers,
                prefix,
                Membership(settings.consumer_session_timeout_ms, settings.consumer_max_poll_interval_ms),
                limited=settings.dead_letter_limit,
            ).run
        )
    if service.imports:
        loops["importer"] = lambda store: (
            Importer(
                store,
                service.imports,
                base64.b64decode(settings.file_key),
                partial(pass_end_of, store=store, consumer=service.name, bootstrap_servers=servers, prefix=prefix),
            ).run
        )
    return {**loops, **service.loops}
