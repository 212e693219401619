"""A delivery's id."""

from uuid import UUID, uuid4

from services.notifications.deliveries.domain import SHAPE, delivery_id
from services.notifications.preferences.domain import Channel


def test_a_delivery_id_is_the_same_every_time_and_another_per_recipient_and_channel() -> None:
    event_id, ann, bob = uuid4(), uuid4(), uuid4()
    assert delivery_id(event_id, ann, Channel.EMAIL) == delivery_id(event_id, ann, Channel.EMAIL)
    deliveries = [(ann, Channel.EMAIL), (ann, Channel.IN_APP), (bob, Channel.EMAIL), (bob, Channel.IN_APP)]
    assert len({delivery_id(event_id, *delivery) for delivery in deliveries}) == 4


def test_the_ids_of_a_shape_stay_what_they_are() -> None:
    """They are in mails as Message-ID. Whoever makes them differently counts SHAPE up."""
    made = delivery_id(UUID(int=1), UUID(int=2), Channel.EMAIL)
    assert (SHAPE, made) == (2, UUID("7ff8f719-37e4-5552-9c64-09a4e7d4d1a7"))
