"""Which of the shifts that are open for sign-up somebody looks for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from services.activities.publishing.states import OPEN_SHIFT


@dataclass(frozen=True, slots=True)
class ShiftFilter:
    """Those that begin in [``start``, ``end``); None and "" narrow nothing.

    ``has_places``: those with a confirmed place left. ``text`` is part of the title or the place, in any case.
    """

    CONDITION: ClassVar[str] = f"""
        {OPEN_SHIFT} AND s.starts_at >= :start AND s.starts_at < :end
        AND (CAST(:station_id AS uuid) IS NULL OR a.station_id = :station_id)
        AND (CAST(:service AS text) IS NULL OR a.service = :service)
        AND (NOT CAST(:has_places AS boolean) OR s.taken < s.capacity)
        AND strpos(lower(a.title || ' ' || a.place), lower(:text)) > 0
    """
    """``s`` is the shift, ``a`` its activity."""

    start: datetime
    end: datetime
    station_id: UUID | None = None
    service: str | None = None
    has_places: bool = False
    text: str = ""

    def values(self) -> dict[str, Any]:
        """Return what ``CONDITION`` binds."""
        return {name: getattr(self, name) for name in self.__slots__}
