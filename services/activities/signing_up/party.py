"""Who asks for a place: somebody alone, or a party that comes together or not at all.

Invariant: nobody signs others up but whoever staffs the activity, or their own team mates (Decree 685, art. 25: nobody
is assigned by strangers); each of them sees it and can leave.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.register.repository import team_mates
from services.activities.signing_up.domain import LARGEST_PARTY
from services.activities.signing_up.repository import whose_shift
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError


async def find_party(tx: AsyncConnection, actor: Actor, shift_id: UUID, numbers: Sequence[str]) -> tuple[UUID, ...]:
    """Return the volunteers with these numbers; the actor first, where it is one who does not staff the activity.

    Raises RefusedError: ``not_found`` for the shift, or a fault for each number that is not known or no team mate's.
    """
    if len(numbers) > LARGEST_PARTY:
        raise RefusedError(Fault("group", Code.TOO_MANY))
    unit_and_maker = await whose_shift(tx, actor.district, shift_id)
    if unit_and_maker is None:
        raise RefusedError(Fault("shift_id", Code.NOT_FOUND))
    unit, made_by = unit_and_maker
    staffs = actor.reaches(unit=unit, made_by=made_by)
    found = await team_mates(tx, actor.district, actor.volunteer_id, numbers)
    faults = []
    for number, named in enumerate(numbers):
        if named not in found:
            faults.append(Fault(f"group.{number}", Code.UNKNOWN_REFERENCE))
        elif not staffs and not found[named][1]:
            faults.append(Fault(f"group.{number}", Code.FORBIDDEN))
    if faults:
        raise RefusedError(*faults)
    others = [found[named][0] for named in numbers]
    first = [actor.volunteer_id] if actor.volunteer_id and not staffs else []
    return tuple(dict.fromkeys([*first, *others]))
