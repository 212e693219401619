"""Events of a request to read a minor's data in clear. They say neither whose data, nor what for, nor who asks."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from shared.contracts.event import Event


class MinorReadingAsked(Event):
    """Somebody of staff asks to read a minor's data (未成年人网络保护条例 art. 36); another administrator answers."""

    topic: ClassVar[str] = "registry.minor-reading"

    reading_id: UUID
    answer_by: datetime
    """When it lapses without an answer."""
    recipient_ids: tuple[UUID, ...] = ()
    """The volunteers who are told: as whom the district's other administrators have accounts."""
