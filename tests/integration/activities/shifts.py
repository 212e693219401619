"""Shifts of a day to come, people who sign up for them, and time that passes without being waited for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.activities.signing_up.settling import SETTLE_PLACES
from shared.messaging.fault_kinds import is_transient
from shared.work import queue
from shared.work.worker import Worker
from tests.integration.activities.conftest import DISTRICT, Account, Activities

DAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=4)
HOUR = timedelta(hours=1)


def between(start: float, end: float) -> dict[str, str]:
    """Return the times from hour to hour of that day."""
    return {"starts_at": (DAY + start * HOUR).isoformat(), "ends_at": (DAY + end * HOUR).isoformat()}


@dataclass
class Volunteer:
    """Somebody who signs up."""

    id: UUID
    account: Account

    async def ask(self, shift_id: UUID) -> Any:
        """Ask for a place; return the response."""
        return await self.account.send("POST", f"/v1/shifts/{shift_id}/sign-ups")

    async def sign_up(self, shift_id: UUID) -> str:
        """Sign up; return the sign-up's id."""
        response = await self.ask(shift_id)
        assert response.status_code == 201, response.text
        return str(response.json()["sign_up_id"])

    async def accept(self, sign_up_id: str) -> Any:
        return await self.account.send("POST", f"/v1/sign-ups/{sign_up_id}/accept")

    async def withdraw(self, sign_up_id: str) -> None:
        response = await self.account.send("DELETE", f"/v1/sign-ups/{sign_up_id}")
        assert response.status_code == 204, response.text


async def volunteers(activities: Activities, count: int) -> list[Volunteer]:
    """Have the service know a station and so many volunteers."""
    await activities.know_station()
    return [Volunteer(one, activities.volunteer(one)) for one in await activities.know_volunteers(count)]


async def shift_at(
    activities: Activities, start: float, end: float, title: str = "社区读书会", capacity: int = 20
) -> UUID:
    """Publish an activity of one shift, from hour to hour of that day; return the shift."""
    published = await activities.publish(title=title, shifts=[{**between(start, end), "capacity": capacity}])
    return UUID(published["shift_ids"][0])


async def states(activities: Activities, shift_id: UUID) -> list[str]:
    """Return the states of a shift's sign-ups, in order of arrival."""
    rows = await activities.rows("SELECT state FROM sign_up WHERE shift_id = :id ORDER BY queue_number", id=shift_id)
    return [row.state for row in rows]


async def counts(activities: Activities, shift_id: UUID) -> tuple[int, int]:
    """Return how many places of a shift are taken, and how many wait."""
    [row] = await activities.rows("SELECT taken, waiting FROM shift WHERE id = :id", id=shift_id)
    return row.taken, row.waiting


async def deadlines_pass(activities: Activities, shift_id: UUID) -> None:
    """Let nobody answer in time, and the worker do what is due then."""
    await activities.as_owner(
        f"SET app.districts = '{DISTRICT}'",
        "ALTER TABLE sign_up NO FORCE ROW LEVEL SECURITY",
        f"UPDATE sign_up SET answer_by = now() WHERE answer_by IS NOT NULL AND shift_id = '{shift_id}'",
        "ALTER TABLE sign_up FORCE ROW LEVEL SECURITY",
        "ALTER TABLE work NO FORCE ROW LEVEL SECURITY",
        f"UPDATE work SET due_at = now() WHERE payload->>'shift_id' = '{shift_id}'",
        "ALTER TABLE work FORCE ROW LEVEL SECURITY",
    )
    await work_off(activities)


async def work_off(activities: Activities) -> None:
    """Let a worker do all that is due for places."""
    worker = Worker(activities.worker, [SETTLE_PLACES], {}, is_transient)
    while items := await queue.claim(activities.worker, [SETTLE_PLACES]):
        await worker._run(SETTLE_PLACES, items)


async def told(activities: Activities, *names: str) -> Sequence[tuple[str, Any]]:
    """Return the events of these names in log order: the name and the data."""
    rows = await activities.rows("SELECT type, data FROM event_log ORDER BY position")
    found = [(row.type.split(".")[3], row.data) for row in rows]
    return [(name, data) for name, data in found if name in names]
