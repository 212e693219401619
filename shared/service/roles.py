"""The background roles of a service: relay, consumer, worker.

Invariant: roles share nothing but the database, so they may be in one process or in many.
"""

import base64
from collections.abc import Callable

from shared.imports.importer import import_work
from shared.messaging.consumer import Consumer
from shared.messaging.dead_letter_orders import order_work
from shared.messaging.fault_kinds import is_transient
from shared.messaging.group_client import Membership
from shared.messaging.positions import Positions
from shared.messaging.relay import Relay
from shared.service.part import Loop
from shared.service.service import Service, endings_of
from shared.store.engine import Store
from shared.work.worker import Worker


def background_roles(service: Service) -> dict[str, Callable[[Store], Loop]]:
    """Return the background roles that a service has, each to be given the worker's store."""
    settings = service.settings
    servers, prefix = settings.kafka_servers, settings.topic_prefix
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
    kinds = [*service.work]
    if service.imports:
        positions = Positions(service.name, servers, prefix)
        kinds += import_work(service.imports, base64.b64decode(settings.file_key), positions)
    if service.reactions.topics:
        kinds.append(order_work(service.reactions, prefix))
    loops["worker"] = lambda store: Worker(store, kinds, endings_of(service.parts), is_transient).run
    return loops
