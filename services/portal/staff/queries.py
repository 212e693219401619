"""What is on today for whoever deals with activities, and what waits for them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from uuid import UUID

from services.portal.closing.queries import find_closing
from services.portal.minor_readings.queries import READINGS, Reading
from services.portal.publishing.queries import OwnActivity, OwnShift, own_activities
from services.portal.records.queries import Claims, open_claims
from services.portal.roster.queries import Roster, find_roster
from shared.contracts.calendar import add_working_days, district_day
from shared.http.upstream import Upstream, unless_away

_DUE_AFTER = 10
"""Working days within which hours are confirmed (MCA Order 67; portal.md, S1)."""
_LOOKED_BACK = timedelta(days=21)
_MOST = 12
"""So many shifts are looked at closely; a day with more is a list of activities' own."""
_A_PAGE = 100
_CLAIMS = 3


@dataclass(frozen=True, slots=True)
class TodaysShift:
    """A shift of today; ``roster`` is None while its counts cannot be read."""

    activity: OwnActivity
    shift: OwnShift
    roster: Roster | None
    is_over: bool


@dataclass(frozen=True, slots=True)
class ToClose:
    """A shift that is over and not confirmed: how many check-outs are missing, and by when it is due."""

    activity: OwnActivity
    shift: OwnShift
    missing: int
    due_on: date


@dataclass(frozen=True, slots=True)
class Today:
    """What is on, what comes next, what waits."""

    day: date
    shifts: Sequence[TodaysShift]
    next: Sequence[tuple[OwnActivity, OwnShift]]
    to_close: Sequence[ToClose]
    claims: Claims | None
    """Those that wait for an answer, due first; None while they cannot be read."""
    readings: Sequence[Reading] | None
    """Requests of others to read a minor's data that wait for an administrator; None while they cannot be read."""

    @property
    def first(self) -> UUID | None:
        """The shift that one deals with next: what is on or comes first today."""
        return next((one.shift.shift_id for one in self.shifts if not one.is_over), None)

    @property
    def present(self) -> int:
        """How many are here now."""
        return sum(one.roster.counts.get("attending", 0) for one in self.shifts if one.roster)

    @property
    def missing(self) -> int:
        """How many check-outs are missing."""
        return sum(one.missing for one in self.to_close)


async def today(calls: Upstream, now: datetime, *, is_centre: bool) -> Today:
    """Return what is on today, and what waits for the centre too. Raises AwayError where activities are away."""
    states = await asyncio.gather(
        own_activities(calls, "open", limit=_A_PAGE),
        own_activities(calls, "running", limit=_A_PAGE),
        own_activities(calls, "ended", limit=_A_PAGE),
    )
    activities = chain.from_iterable(state.items for state in states)
    shifts = sorted(
        ((activity, shift) for activity in activities for shift in activity.shifts if not shift.is_cancelled),
        key=lambda pair: pair[1].starts_at,
    )
    on = [pair for pair in shifts if district_day(pair[1].starts_at) == district_day(now) or _is_on(pair[1], now)]
    later = [pair for pair in shifts if district_day(pair[1].starts_at) > district_day(now)]
    over = [pair for pair in shifts if now - _LOOKED_BACK < pair[1].ends_at <= now]
    looked_at, closings, claims, readings = await asyncio.gather(
        asyncio.gather(*(_todays(calls, now, *pair) for pair in on[:_MOST])),
        asyncio.gather(*(_to_close(calls, *pair) for pair in over[-_MOST:])),
        unless_away(open_claims(calls, _CLAIMS)),
        unless_away(_to_approve(calls, is_centre=is_centre)),
    )
    looked_at.sort(key=lambda one: (one.is_over, one.shift.starts_at))
    return Today(district_day(now), looked_at, later[:3], [one for one in closings if one], claims, readings)


async def _to_approve(calls: Upstream, *, is_centre: bool) -> Sequence[Reading]:
    if not is_centre:
        return ()
    asked = await calls.read(READINGS, waiting=True, limit=_A_PAGE)
    return [one for one in asked.items if not one.own]


async def _todays(calls: Upstream, now: datetime, activity: OwnActivity, shift: OwnShift) -> TodaysShift:
    return TodaysShift(
        activity, shift, await unless_away(find_roster(calls, shift.shift_id, limit=1)), shift.ends_at <= now
    )


async def _to_close(calls: Upstream, activity: OwnActivity, shift: OwnShift) -> ToClose | None:
    closing = await unless_away(find_closing(calls, shift.shift_id))
    if closing is None or closing.closed_at or not closing.items:
        return None
    return ToClose(activity, shift, closing.missing, add_working_days(district_day(shift.ends_at), _DUE_AFTER))


def _is_on(shift: OwnShift, now: datetime) -> bool:
    return shift.starts_at <= now < shift.ends_at
