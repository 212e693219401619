"""Consents on file, and what organisations have stated. Nothing is overwritten: a statement is a row more.

Invariant: whoever states something for a volunteer holds the volunteer's row, so the last statement of a purpose is the
one with the latest time, and its number is how many there are.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.consents.domain import LatestConsent, StatedConsent, StatementSource
from services.registry.consents.tables import consent, guardian, organisation_statement
from services.registry.consents.texts import ConsentPurpose
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.event_log import new_id
from shared.store.statements import insert_rows

_LOCK = text("SELECT 1 FROM volunteer WHERE district = :district AND id = :id FOR NO KEY UPDATE")
_LATEST = text("""
    SELECT DISTINCT ON (purpose) purpose, given, text_version, count(*) OVER (PARTITION BY purpose) AS statements
    FROM consent WHERE district = :district AND volunteer_id = :volunteer_id
    ORDER BY purpose, stated_at DESC, id DESC
""")
_STATE = insert_rows(
    consent, ["id", "purpose", "text_version", "given", "version"], same=["district", "volunteer_id", "channel"]
)
WITHDRAWN = """
    SELECT volunteer_id FROM (
        SELECT DISTINCT ON (volunteer_id) volunteer_id, given FROM consent
        WHERE district = :district AND purpose = :purpose ORDER BY volunteer_id, stated_at DESC, id DESC
    ) AS latest WHERE NOT given
"""
"""The volunteers of a district who do not consent to a purpose (any more), for a statement of an upper part."""


async def lock_volunteer(tx: AsyncConnection, district: str, volunteer_id: UUID) -> None:
    """Become the one who states something for a volunteer. Raises RefusedError (not_found)."""
    if await tx.scalar(_LOCK, {"district": district, "id": volunteer_id}) is None:
        raise RefusedError(Fault("volunteer_id", Code.NOT_FOUND))


async def latest(tx: AsyncConnection, district: str, volunteer_id: UUID) -> dict[ConsentPurpose, LatestConsent]:
    """Return what a volunteer has stated last, by purpose."""
    rows = await tx.execute(_LATEST, {"district": district, "volunteer_id": volunteer_id})
    return {ConsentPurpose(row.purpose): LatestConsent(row.given, row.text_version, row.statements) for row in rows}


async def state(
    tx: AsyncConnection,
    district: str,
    volunteer_id: UUID,
    channel: str,
    stated: Sequence[tuple[StatedConsent, int]],
) -> None:
    """Put on file what a volunteer has stated, each with its number, by one statement."""
    await tx.execute(
        _STATE,
        {
            "district": district,
            "volunteer_id": volunteer_id,
            "channel": channel,
            "id": [new_id() for _ in stated],
            "purpose": [each.purpose.value for each, _ in stated],
            "text_version": [each.text_version for each, _ in stated],
            "given": [each.given for each, _ in stated],
            "version": [number for _, number in stated],
        },
    )


_SUBJECT = text("""
    SELECT EXISTS (SELECT FROM import_job WHERE district = :district AND id = :id AND kind = 'roster')
        OR EXISTS (SELECT FROM volunteer WHERE district = :district AND id = :id AND source <> 'self')
""")
_SPEAK = insert_rows(
    organisation_statement, ["id", "subject_id", "source", "statement"], same=["district", "stated_by"]
)


async def may_be_spoken_for(tx: AsyncConnection, district: str, subject_id: UUID) -> bool:
    """Return whether an id is a roster's import, or a volunteer's whom an organisation has registered."""
    return bool(await tx.scalar(_SUBJECT, {"district": district, "id": subject_id}))


async def speak_for(
    tx: AsyncConnection, district: str, subject_id: UUID, source: StatementSource, statement: str, stated_by: str
) -> UUID:
    """Put on file what an organisation states of those whom it has registered; return the statement's id."""
    new = new_id()
    await tx.execute(
        _SPEAK,
        {
            "district": district,
            "stated_by": stated_by,
            "id": [new],
            "subject_id": [subject_id],
            "source": [source.value],
            "statement": [statement],
        },
    )
    return new


_AGREE = insert_rows(guardian, ["id", "sealed"], same=["district", "volunteer_id", "text_version"])
_GUARDIAN = text("""
    SELECT id, sealed, text_version, agreed_at FROM guardian
    WHERE district = :district AND volunteer_id = :volunteer_id AND withdrawn_at IS NULL
    ORDER BY agreed_at DESC LIMIT 1
""")


async def keep_guardian(
    tx: AsyncConnection, district: str, volunteer_id: UUID, sealed: tuple[UUID, bytes], text_version: str
) -> None:
    """Put on file that a guardian has agreed; ``sealed``: the row's id, and who they are, sealed under it."""
    values = {"district": district, "volunteer_id": volunteer_id, "text_version": text_version}
    await tx.execute(_AGREE, {**values, "id": [sealed[0]], "sealed": [sealed[1]]})


_TAKE_BACK = text("""
    UPDATE guardian SET withdrawn_at = clock_timestamp()
    WHERE district = :district AND volunteer_id = :volunteer_id AND withdrawn_at IS NULL
""")


async def end_guardianship(tx: AsyncConnection, district: str, volunteer_id: UUID) -> None:
    """Note that what guardians have agreed to for a minor is taken back; who had agreed, and when, stays on file."""
    await tx.execute(_TAKE_BACK, {"district": district, "volunteer_id": volunteer_id})


async def last_guardian(tx: AsyncConnection, district: str, volunteer_id: UUID) -> Row[Any] | None:
    """Return the guardian who has agreed last, sealed; None where that is taken back."""
    return (await tx.execute(_GUARDIAN, {"district": district, "volunteer_id": volunteer_id})).one_or_none()
