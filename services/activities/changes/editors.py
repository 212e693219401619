"""Who edits an activity: the locks, the right to it, and the events that the edit makes, in the order of versions."""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.changes import repository
from services.activities.publishing import repository as publishing
from services.activities.publishing.repository import Activity
from services.activities.signing_up.domain import Shift
from services.activities.signing_up.repository import lock_shift
from shared.contracts import Event
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store import event_log
from shared.store.event_log import NewEvent


@dataclass(slots=True)
class Editor:
    """An edit of a locked activity: its version rises by one with each event that is announced of it."""

    district: str
    by: str
    activity: Activity
    version: int
    events: list[NewEvent] = field(default_factory=list)

    def announce(self, event: Event) -> None:
        """Have an event of the activity appended."""
        self.version += 1
        self.events.append(NewEvent(self.district, self.activity.id, self.version, event, self.by))

    def of_sign_up(self, sign_up_id: UUID, version: int, event: Event) -> NewEvent:
        """Return an event of a sign-up that stood at a version."""
        return NewEvent(self.district, sign_up_id, version + 1, event, self.by)

    async def save(self, tx: AsyncConnection) -> None:
        """Put the activity's version on file, and what is told of it."""
        await publishing.set_version(tx, self.district, self.activity.id, self.version)
        await event_log.append(tx, self.events)


async def lock_for_editing(tx: AsyncConnection, actor: Actor, activity_id: UUID, version: int | None) -> Editor:
    """Lock an activity that the actor staffs; ``version`` is the one that is edited, where that matters.

    Raises RefusedError ``not_found``, ``not_open`` where it is cancelled, or ``changed_meanwhile``.
    """
    activity = await publishing.lock_activity(tx, actor.district, activity_id)
    if activity is None or not actor.reaches(unit=activity.station_id, made_by=activity.published_by):
        raise RefusedError(Fault("activity_id", Code.NOT_FOUND))
    if activity.is_cancelled:
        raise RefusedError(Fault("activity_id", Code.NOT_OPEN))
    if version is not None and version != activity.version:
        raise RefusedError(Fault("version", Code.CHANGED_MEANWHILE))
    return Editor(actor.district, actor.name, activity, activity.version)


async def lock_shift_for_editing(
    tx: AsyncConnection, actor: Actor, shift_id: UUID, version: int | None
) -> tuple[Editor, Shift]:
    """Lock a shift's activity, then the shift. Raises RefusedError as ``lock_for_editing``."""
    activity_id = await repository.activity_of(tx, actor.district, shift_id)
    if activity_id is None:
        raise RefusedError(Fault("shift_id", Code.NOT_FOUND))
    editor = await lock_for_editing(tx, actor, activity_id, version)
    shift = await lock_shift(tx, actor.district, shift_id)
    if shift is None:
        raise RefusedError(Fault("shift_id", Code.NOT_FOUND))
    return editor, shift
