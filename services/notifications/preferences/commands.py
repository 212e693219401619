"""Saying what one wants to be told."""

from collections.abc import Collection, Iterator, Mapping
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.preferences import repository
from services.notifications.preferences.domain import Channel, Preferences, Purpose, QuietHours, is_needed
from shared.contracts.faults import Code, Fault, RefusedError


async def set_preferences(
    tx: AsyncConnection,
    district: str,
    recipient_id: UUID,
    channels: Mapping[Purpose, Collection[Channel]],
    quiet_hours: QuietHours | None,
) -> Preferences:
    """Have messages for these purposes come on these channels alone, and no mail in quiet hours; return what holds.

    A purpose that is not named comes everywhere. Raises RefusedError with ``required`` where the inbox is left out of
    one that a person must know, and with ``out_of_range`` for quiet hours that end when they begin.
    """
    faults = list(_faults(channels, quiet_hours))
    if faults:
        raise RefusedError(*faults)
    unwanted = {
        (purpose, channel) for purpose, named in channels.items() for channel in Channel if channel not in named
    }
    wanted = Preferences(frozenset(unwanted), quiet_hours)
    await repository.put_preferences(tx, district, recipient_id, wanted)
    return wanted


def _faults(channels: Mapping[Purpose, Collection[Channel]], quiet_hours: QuietHours | None) -> Iterator[Fault]:
    for purpose, named in channels.items():
        if any(is_needed(purpose, channel) and channel not in named for channel in Channel):
            yield Fault(f"channels.{purpose}", Code.NEEDED_IN_INBOX)
    if quiet_hours and quiet_hours.starts == quiet_hours.ends:
        yield Fault("quiet_hours.ends", Code.OUT_OF_RANGE)
