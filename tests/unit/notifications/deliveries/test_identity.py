"""A delivery's id."""

from uuid import uuid4

from services.notifications.deliveries.domain import delivery_id
from services.notifications.messages.domain import Channel


def test_a_delivery_id_is_the_same_every_time_and_another_per_channel() -> None:
    event_id = uuid4()
    assert delivery_id(event_id, Channel.EMAIL) == delivery_id(event_id, Channel.EMAIL)
    assert delivery_id(event_id, Channel.EMAIL) != delivery_id(event_id, Channel.IN_APP)
