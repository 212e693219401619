"""Members follow their team, as work: into the one that it was merged into, or to none.

Invariant: a member's row and event change in one transaction, so many at a time; broken off, it goes on. Where that
team has ended meanwhile too, they go on to where it went.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.people import repository as people
from services.registry.people.domain.privacy import KeyRing
from services.registry.people.enrolment import Enrolment, Origin, prepare
from services.registry.people.repository import OnFileInFull
from services.registry.teams import repository
from services.registry.teams.commands import MEMBERS
from services.registry.teams.domain.merging import team_after
from shared.contracts import RegistrationSource
from shared.store.event_log import now
from shared.work.kind import Done, Item, Later, Outcome, Patience, WorkKind, in_transaction

AT_ONCE = 500


def members_work(keys: KeyRing) -> WorkKind:
    """Return the work that lets members follow, an item a team that has ended."""

    async def run(tx: AsyncConnection, items: Sequence[Item]) -> Mapping[Item, Outcome]:
        return {item: await _some(tx, keys, item) for item in items}

    return WorkKind(name=MEMBERS, run=in_transaction(run), patience=Patience(longest=60))


async def _some(tx: AsyncConnection, keys: KeyRing, item: Item) -> Outcome:
    team_id = UUID(item.payload["team_id"])
    await people.lock_district(tx, item.district)
    members = await people.members_in_full(tx, keys, item.district, team_id, AT_ONCE)
    if not members:
        return Done()
    teams = await repository.endings(tx, item.district)
    after = team_after(team_id, teams)
    origin = Origin(
        item.district,
        f"work:{item.id}",
        RegistrationSource.ORGANISATION,
        left_team=teams[team_id].name,
        joined_team=teams[after].name if after else None,
    )
    enrolment = await asyncio.to_thread(_moved, keys, origin, members, after)
    await enrolment.write(tx)
    return Later(now())


def _moved(keys: KeyRing, origin: Origin, members: Sequence[OnFileInFull], after: UUID | None) -> Enrolment:
    changed = [
        (member.on_file(keys), keys.entry(0, replace(member.volunteer, team_id=after), normalised=False))
        for member in members
    ]
    return prepare(keys, origin, [], changed)
