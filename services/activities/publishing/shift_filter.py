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

    SHIFTS: ClassVar[str] = f"""
        {OPEN_SHIFT} AND s.starts_at >= :start AND s.starts_at < :end
        AND (NOT CAST(:has_places AS boolean) OR s.taken < s.capacity)
    """
    """The condition on ``s``, the shift: tested first, and alone, for it leaves little (index ``shift_by_start``)."""
    ACTIVITIES: ClassVar[str] = """
        (CAST(:station_id AS uuid) IS NULL OR a.station_id = :station_id)
        AND (CAST(:service AS text) IS NULL OR a.service = :service)
        AND strpos(lower(a.title || ' ' || a.place), lower(:text)) > 0
    """
    """The condition on ``a``, its activity. Were both of one join, the planner would begin with all that the district
    ever published: it underestimates what row-level security leaves."""

    start: datetime
    end: datetime
    station_id: UUID | None = None
    service: str | None = None
    has_places: bool = False
    text: str = ""

    def values(self) -> dict[str, Any]:
        """Return what the conditions bind."""
        return {name: getattr(self, name) for name in self.__slots__}
