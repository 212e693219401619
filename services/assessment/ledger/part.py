"""Ledger, put together."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from aiokafka.errors import KafkaError
from fastapi import FastAPI

from services.assessment.ledger.api import router
from services.assessment.ledger.explanation import Place, Step
from shared.contracts import ServiceLogged
from shared.messaging import kafka_places
from shared.service.part import Part

_LOOKING_SECONDS = 10.0
"""Within it the places are found, or Kafka counts as away: it reads a partition from the first event's time on."""


def _find_places(app: FastAPI, settings: Any) -> None:  # noqa: ANN401 - each service has settings of its own
    """Let routes ask Kafka where a record's events are; one at a time, for each reads a stretch of a partition."""
    at_a_time = asyncio.Lock()

    async def places(record_id: UUID, steps: Sequence[Step]) -> Mapping[UUID, Place] | None:
        topic = ServiceLogged.topic
        sought = [kafka_places.Sought(topic, str(record_id), step.event_id, step.recorded_at) for step in steps]
        try:
            async with asyncio.timeout(_LOOKING_SECONDS), at_a_time:
                found = await kafka_places.find(settings.kafka_servers, settings.topic_prefix, sought)
        except (KafkaError, OSError):  # TimeoutError is one of these
            return None
        return {
            event_id: Place(topic=topic, partition=place.partition, offset=place.offset)
            for event_id, place in found.items()
        }

    app.state.event_places = places


PART = Part(routers=[router], install=_find_places)
