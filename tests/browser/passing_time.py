"""Letting time pass: a shift is put where it would stand some hours later, as nobody can wait for it."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text

from deploy.services import url_name
from shared.store.engine import Store
from shared.store.event_log import now
from tests.support.system import System

_SHIFT = text("UPDATE shift SET starts_at = :starts_at, ends_at = :ends_at WHERE id = :id")
_SIGN_UPS = text("""
    UPDATE sign_up SET starts_at = :starts_at, ends_at = :ends_at,
                       checked_in_at = CASE WHEN checked_in_at IS NOT NULL THEN CAST(:starts_at AS timestamptz) END
    WHERE shift_id = :id
""")
_ANSWERS = text("UPDATE sign_up SET answer_by = now() WHERE shift_id = :id AND answer_by IS NOT NULL")


async def move(system: System, shift_id: str, *, begins: timedelta, lasts: timedelta) -> None:
    """Let a shift begin so long from now, for all who have signed up; who has come, came when it began."""
    starts_at = now() + begins
    values = {"id": UUID(shift_id), "starts_at": starts_at, "ends_at": starts_at + lasts}
    async with Store(_url(system)) as store, store.transaction(system.district.code) as tx:
        await tx.execute(_SHIFT, values)
        await tx.execute(_SIGN_UPS, values)


async def let_answers_lapse(system: System, shift_id: str) -> None:
    """Let the time be over by which those who were asked about a shift were to answer."""
    async with Store(_url(system)) as store, store.transaction(system.district.code) as tx:
        await tx.execute(_ANSWERS, {"id": UUID(shift_id)})


def _url(system: System) -> str:
    return system.database_urls[url_name("activities", "api")]
