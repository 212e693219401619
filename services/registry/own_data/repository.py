"""People who end their registration, and what they have had put right, on file.

Invariant: from ``restrict`` on nothing finds the person: the indexes of their ID number, name and phone go at once.
``erase`` destroys the wrapped key of their data, and all that is theirs beside it, in one transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.codes import repository as codes
from services.registry.codes.domain import Channel
from services.registry.own_data.tables import correction
from services.registry.people.domain.privacy import KeyRing, PersonalData, SealedPerson
from shared.contracts.actor import EVERY_DISTRICT
from shared.store.statements import insert_rows

_RESTRICT = text("""
    UPDATE volunteer SET restricted_at = :at, blind_index = NULL, digest = NULL, name_index = NULL,
                         phone_tail_index = NULL, version = version + 1
    WHERE district = :district AND id = :id AND restricted_at IS NULL RETURNING version
""")
_LEAVE_PLACES = text("""
    UPDATE placement p SET state = 'declined', answered_at = coalesce(answered_at, :at),
                           version = version + CASE state WHEN 'planned' THEN 0 ELSE 1 END
    WHERE district = :district AND volunteer_id = :id AND state IN ('planned', 'proposed', 'accepted')
    RETURNING p.id, p.allocation_id, p.volunteer_id, p.station_id, p.service, p.answer_by, p.version,
              (SELECT s.name FROM station s WHERE s.district = p.district AND s.id = p.station_id) AS station_name
""")
_DROP_CORRECTIONS = text("""
    UPDATE correction SET state = 'dropped', asked = NULL, answered_at = :at
    WHERE district = :district AND volunteer_id = :id AND state = 'open'
""")
_BIND = text("""
    UPDATE volunteer v SET bound_until = b.bound_until
    FROM unnest(CAST(:district AS text[]), CAST(:id AS uuid[]), CAST(:bound_until AS date[]))
         AS b(district, id, bound_until)
    WHERE v.district = b.district AND v.id = b.id AND v.restricted_at IS NOT NULL AND v.erased_at IS NULL
""")


async def restrict(tx: AsyncConnection, district: str, volunteer_id: UUID, at: datetime) -> int | None:
    """Let nothing find a person any more; return the version of that, or None where that is so already."""
    values = {"district": district, "id": volunteer_id, "at": at}
    version: int | None = await tx.scalar(_RESTRICT, values)
    return version


async def leave_places(tx: AsyncConnection, district: str, volunteer_id: UUID, at: datetime) -> Sequence[Row[Any]]:
    """Give back the places that were proposed to somebody; return those that they had been told of."""
    values = {"district": district, "id": volunteer_id, "at": at}
    return [row for row in await tx.execute(_LEAVE_PLACES, values) if row.version > 0]


async def drop_corrections(tx: AsyncConnection, district: str, volunteer_id: UUID, at: datetime) -> None:
    """Leave what somebody wanted put right, and forget what that was."""
    await tx.execute(_DROP_CORRECTIONS, {"district": district, "id": volunteer_id, "at": at})


async def bind(tx: AsyncConnection, bound: Sequence[tuple[str, UUID, date | None]]) -> None:
    """Note until when the data of some (district, volunteer) is bound; None: it is not."""
    districts, ids, days = zip(*bound, strict=True)
    await tx.execute(_BIND, {"district": districts, "id": ids, "bound_until": days})


@dataclass(frozen=True, slots=True, repr=False)
class ToErase:
    """Somebody who is to be erased, as they are on file for the last time."""

    district: str
    id: UUID
    person: PersonalData
    account_id: UUID | None
    has_moved: bool
    """Is somebody of another district now, under the same id."""


_TO_ERASE = text("""
    SELECT v.id, v.wrapped_key, v.personal_data, v.moved_to IS NOT NULL AS has_moved,
           (SELECT a.id FROM account a WHERE a.district = v.district AND a.volunteer_id = v.id) AS account_id
    FROM volunteer v
    WHERE v.district = :district AND v.id = :id AND v.restricted_at IS NOT NULL AND v.erased_at IS NULL
    FOR NO KEY UPDATE
""")
_FILES_WAIT = text("SELECT EXISTS (SELECT FROM import_file WHERE district = :district)")
_TEXTS = text("SELECT district, id, payload, state FROM work WHERE kind = :kind AND district = ANY(:districts)")
_FORGET_TEXT = text("DELETE FROM work WHERE district = :district AND id = :id")
_ERASE = text("""
    UPDATE volunteer SET wrapped_key = NULL, personal_data = NULL, community = NULL, skills = '{}', services = '{}',
                         language = 'zh-CN', bound_until = NULL, erased_at = :at, version = version + 1
    WHERE district = :district AND id = :id RETURNING version
""")
_WITH_THE_PERSON = tuple(
    text(statement)
    for statement in (
        "DELETE FROM correction WHERE district = :district AND volunteer_id = :id",
        "DELETE FROM guardian WHERE district = :district AND volunteer_id = :id",
        "DELETE FROM individual_contact WHERE district = :district AND volunteer_id = :id",
        "DELETE FROM qualification WHERE district = :district AND volunteer_id = :id",
        # That somebody has moved is their new district's to keep.
        "DELETE FROM move WHERE volunteer_id = :id"
        " AND (district = :district OR (from_district = :district AND state <> 'accepted'))",
        "DELETE FROM roster_line WHERE district = :district AND blind_index = :blind_index",
        "DELETE FROM one_time_code WHERE destination = ANY(CAST(:destinations AS bytea[]))"
        " OR subject = ANY(CAST(:destinations AS bytea[]))",
        "DELETE FROM idempotency_key WHERE district = :district AND account = ANY(CAST(:callers AS text[]))",
    )
)
_WITH_THE_ACCOUNT = tuple(
    text(statement)
    for statement in (
        "DELETE FROM session WHERE district = :district AND account_id = :account_id",
        "DELETE FROM household_assignment WHERE district = :district AND account_id = :account_id",
        "DELETE FROM second_factor WHERE district = :district AND account_id = :account_id",
        "DELETE FROM outside_identity WHERE belongs_to = :district AND account_id = :account_id",
        "DELETE FROM log_in_name WHERE belongs_to = :district AND account_id = :account_id",
        "DELETE FROM account WHERE district = :district AND id = :account_id",
    )
)


async def lock_to_erase(tx: AsyncConnection, keys: KeyRing, district: str, volunteer_id: UUID) -> ToErase | None:
    """Return somebody who has ended their registration, held to the commit; None where there is nobody to erase."""
    row = (await tx.execute(_TO_ERASE, {"district": district, "id": volunteer_id})).one_or_none()
    if row is None:
        return None
    person = keys.open_person(row.id, SealedPerson(row.wrapped_key, row.personal_data))
    return ToErase(district, row.id, person, row.account_id, row.has_moved)


async def files_wait(tx: AsyncConnection, district: str) -> bool:
    """Return whether a file of the district waits for its import: nobody knows yet who is in it."""
    return bool(await tx.scalar(_FILES_WAIT, {"district": district}))


async def forget_texts(tx: AsyncConnection, keys: KeyRing, leaving: ToErase) -> bool:
    """Delete the texts to somebody that will not be sent any more; return whether one is still to be sent."""
    rows = (await tx.execute(_TEXTS, {"kind": codes.WORK, "districts": [leaving.district, EVERY_DISTRICT]})).all()
    waits = False
    for row in rows:
        message = codes.opened(keys, row.id, row.payload)
        if message is None or message.to not in (leaving.person.phone, leaving.person.email):
            continue
        if row.state == "open":
            waits = True
        else:
            await tx.execute(_FORGET_TEXT, {"district": row.district, "id": row.id})
    return waits


async def erase(tx: AsyncConnection, keys: KeyRing, leaving: ToErase, at: datetime) -> int:
    """Destroy the key of somebody's data and all that is theirs beside it; return the version of that."""
    person = leaving.person
    destinations = [keys.destination(Channel.SMS, person.phone)]
    destinations += [keys.destination(Channel.MAIL, person.email)] if person.email else []
    destinations += [leaving.account_id.bytes] if leaving.account_id else []
    values = {
        "district": leaving.district,
        "id": leaving.id,
        "at": at,
        "blind_index": keys.index_of(person),
        "destinations": destinations,
        "callers": [f"stranger:{keys.stranger(person.phone)}", f"account:{leaving.account_id}"],
        "account_id": leaving.account_id,
    }
    for statement in (*_WITH_THE_PERSON, *(_WITH_THE_ACCOUNT if leaving.account_id else ())):
        await tx.execute(statement, values)
    version: int = (await tx.execute(_ERASE, values)).scalar_one()
    return version


_ASK = insert_rows(
    correction,
    ["id", "volunteer_id", "field", "asked", "state", "asked_at", "due_on", "version"],
    same=["district"],
    conflict="(district, volunteer_id, field) WHERE state = 'open' DO NOTHING",
)
_OPEN = text("""
    SELECT c.id, c.volunteer_id, c.field, c.asked, c.state, c.version FROM correction c
    WHERE c.district = :district AND c.id = :id
""")
_LOCK_OPEN = text(f"{_OPEN.text} FOR UPDATE")
_ANSWER = text("""
    UPDATE correction SET state = :state, asked = NULL, answered_at = :at, answer = :answer, version = version + 1
    WHERE district = :district AND id = :id
""")


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """A correction; ``asked`` is what is to stand there and why, sealed, while it is open."""

    id: UUID
    volunteer_id: UUID
    field: str
    asked: bytes | None
    state: str
    version: int


async def ask(tx: AsyncConnection, district: str, new: Asked, asked_at: datetime, due_on: date) -> bool:
    """Put a correction on file; False where one of the field is open already."""
    values = {
        "district": district,
        "id": [new.id],
        "volunteer_id": [new.volunteer_id],
        "field": [new.field],
        "asked": [new.asked],
        "state": [new.state],
        "asked_at": [asked_at],
        "due_on": [due_on],
        "version": [new.version],
    }
    return bool((await tx.execute(_ASK, values)).rowcount)


async def find_asked(tx: AsyncConnection, district: str, correction_id: UUID, *, lock: bool = False) -> Asked | None:
    """Return a correction, held to the commit where that is wanted, or None."""
    found = await tx.execute(_LOCK_OPEN if lock else _OPEN, {"district": district, "id": correction_id})
    row = found.mappings().one_or_none()
    return Asked(**row) if row else None


async def note_answer(
    tx: AsyncConnection, district: str, correction_id: UUID, state: str, answer: str, at: datetime
) -> None:
    """Note the answer to a locked correction, and forget what was asked for."""
    values = {"district": district, "id": correction_id, "state": state, "answer": answer, "at": at}
    await tx.execute(_ANSWER, values)
