"""What somebody is shown of their consents: what holds, since when and from where, and all that was ever stated."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.access_log.repository import account_of
from services.registry.consents import repository
from services.registry.consents.domain import ConsentChannel, Guardian, guardian_of, holds
from services.registry.consents.texts import EVERY_TEXT, GUARDIAN_TEXT, NEEDED, TEXTS, ConsentPurpose, ConsentText
from services.registry.people import repository as people
from services.registry.people.domain.privacy import KeyRing, SealedPerson, masked_name, masked_phone
from shared.contracts import RegistrationSource
from shared.contracts.faults import Code, Fault, RefusedError

STATEMENTS_SHOWN = 20


class Statement(BaseModel):
    """What was stated once, and by which text."""

    given: bool
    text_version: str
    channel: str
    stated_at: datetime


class OwnConsent(BaseModel):
    """A purpose, whether one's data may be handled for it, and how that came.

    ``needed`` ends with the registration alone. ``channel`` is ``organisation`` where the person has stated nothing and
    the organisation that has registered them answers for it; empty where nothing was stated at all. ``title`` and
    ``text`` are of the present version; ``changed`` says that an older one was consented to.
    """

    purpose: ConsentPurpose
    title: str
    text: str
    text_version: str
    needed: bool
    given: bool
    changed: bool
    channel: str
    stated_at: datetime | None
    statements: list[Statement]


class OwnConsents(BaseModel):
    """Every purpose, and what the organisation that has registered the person has stated of their consent."""

    items: list[OwnConsent]
    organisation_source: str | None
    organisation_stated_at: datetime | None


_STATED = text("""
    SELECT purpose, given, text_version, channel, stated_at FROM consent
    WHERE district = :district AND volunteer_id = :volunteer_id
    ORDER BY stated_at DESC, id DESC
""")
# whose import it was stands in the event of the registration: the roster's table has no column for it
_REGISTERED = text("""
    SELECT v.source, s.source AS said, s.stated_at
    FROM volunteer v
    LEFT JOIN event_log e ON e.district = v.district AND e.aggregate_id = v.id AND e.aggregate_version = 1
    LEFT JOIN LATERAL (
        SELECT o.source, o.stated_at FROM organisation_statement o
        WHERE o.district = v.district AND o.subject_id IN (v.id, CAST(e.data ->> 'import_id' AS uuid))
        ORDER BY o.stated_at DESC LIMIT 1
    ) s ON true
    WHERE v.district = :district AND v.id = :volunteer_id
""")


class OrganisationStatement(BaseModel):
    """What was stated of those of a roster, or of one volunteer, by which account."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "source": "signed_form",
                    "statement": "已逐人取得书面同意，签字表存校团委。",
                    "stated_by": "admin.510115",
                    "stated_at": "2026-11-28T01:00:00Z",
                }
            ]
        }
    )

    source: str
    statement: str
    stated_by: str | None
    """The account's user name; None where it is gone."""
    stated_at: datetime


_STATEMENTS = text(f"""
    SELECT o.source, o.statement, a.user_name AS stated_by, o.stated_at
    FROM organisation_statement o
    {account_of("a", "o.stated_by")}
    WHERE o.district = :district AND o.subject_id = :subject_id ORDER BY o.stated_at DESC LIMIT 50
""")


async def organisation_statements(tx: AsyncConnection, district: str, subject_id: UUID) -> list[OrganisationStatement]:
    """Return what was stated of those of a roster's import, or of one volunteer, the last first, at most 50.

    Raises RefusedError (not_found) where it is neither.
    """
    if not await repository.may_be_spoken_for(tx, district, subject_id):
        raise RefusedError(Fault("subject_id", Code.NOT_FOUND))
    rows = await tx.execute(_STATEMENTS, {"district": district, "subject_id": subject_id})
    return [OrganisationStatement(**row) for row in rows.mappings()]


async def own_consents(tx: AsyncConnection, district: str, volunteer_id: UUID, language: str) -> OwnConsents:
    """Return a volunteer's consents by purpose, in Chinese or English. Raises RefusedError (not_found)."""
    key = {"district": district, "volunteer_id": volunteer_id}
    registered = (await tx.execute(_REGISTERED, key)).one_or_none()
    if registered is None:
        raise RefusedError(Fault("volunteer_id", Code.NOT_FOUND))
    by_organisation = registered.source != RegistrationSource.SELF
    stated: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in await tx.execute(_STATED, key):
        stated[row.purpose].append(row)
    index = 0 if language.startswith("zh") else 1
    return OwnConsents(
        items=[
            _own(purpose, text, stated[purpose], index, by_organisation=by_organisation)
            for purpose, text in TEXTS.items()
        ],
        organisation_source=registered.said,
        organisation_stated_at=registered.stated_at,
    )


def _own(
    purpose: ConsentPurpose, shown: ConsentText, rows: Sequence[Row[Any]], language: int, *, by_organisation: bool
) -> OwnConsent:
    last = rows[0] if rows else None
    given = holds(purpose, last.given if last else None, by_organisation=by_organisation)
    return OwnConsent(
        purpose=purpose,
        title=shown.title[language],
        text=shown.text[language],
        text_version=shown.version,
        needed=purpose in NEEDED,
        given=given,
        changed=bool(last and last.given and last.text_version != shown.version),
        channel=last.channel if last else ConsentChannel.ORGANISATION if given else "",
        stated_at=last.stated_at if last else None,
        statements=[
            Statement(given=row.given, text_version=row.text_version, channel=row.channel, stated_at=row.stated_at)
            for row in rows[:STATEMENTS_SHOWN]
        ],
    )


class ConsentTextView(BaseModel):
    """A text to consent to, in the language asked for. ``needed``: nobody is registered without it."""

    purpose: ConsentPurpose
    version: str
    title: str
    text: str
    needed: bool


def present_texts(language: str) -> list[ConsentTextView]:
    """Return the present text of every purpose, in Chinese or English."""
    return [_text_view(purpose, shown, language) for purpose, shown in TEXTS.items()]


def text_of_version(purpose: ConsentPurpose, version: str, language: str) -> ConsentTextView:
    """Return a text that somebody has consented to once. Raises RefusedError (not_found)."""
    found = EVERY_TEXT.get((purpose, version))
    if found is None:
        raise RefusedError(Fault("version", Code.NOT_FOUND))
    return _text_view(purpose, found, language)


def _text_view(purpose: ConsentPurpose, shown: ConsentText, language: str) -> ConsentTextView:
    index = 0 if language.startswith("zh") else 1
    return ConsentTextView(
        purpose=purpose,
        version=shown.version,
        title=shown.title[index],
        text=shown.text[index],
        needed=purpose in NEEDED,
    )


class GuardianText(BaseModel):
    """What a guardian agrees to."""

    version: str
    title: str
    text: str


class OwnGuardian(BaseModel):
    """Whether the caller needs a guardian's consent, and has it; the guardian is shown masked."""

    minor: bool
    agreed: bool
    agreed_at: datetime | None
    name: str
    phone: str
    text: GuardianText


class Minor(BaseModel):
    """A volunteer under 18, masked, and whether their guardian has agreed."""

    id: UUID
    volunteer_number: str
    name: str
    phone: str
    organisation: str | None
    registered_on: date
    guardian_agreed: bool


_MINORS = text("""
    SELECT v.id, v.number, v.wrapped_key, v.personal_data, o.name AS organisation, v.registered_on, v.guardian_agreed
    FROM volunteer v LEFT JOIN organisation o ON o.district = v.district AND o.id = v.organisation_id
    WHERE v.district = :district AND v.minor AND v.merged_into_id IS NULL AND v.number > :after
      AND (CAST(:agreed AS boolean) IS NULL OR v.guardian_agreed = :agreed)
    ORDER BY v.number LIMIT :limit
""")


def guardian_text(language: str) -> GuardianText:
    """Return what a guardian agrees to, in Chinese or English."""
    index = 0 if language.startswith("zh") else 1
    return GuardianText(version=GUARDIAN_TEXT.version, title=GUARDIAN_TEXT.title[index], text=GUARDIAN_TEXT.text[index])


async def own_guardian(
    tx: AsyncConnection, keys: KeyRing, district: str, volunteer_id: UUID, language: str
) -> OwnGuardian:
    """Return whether a volunteer needs a guardian's consent, and whose they have. Raises RefusedError (not_found)."""
    known = await people.in_full(tx, keys, district, volunteer_id)
    last = await repository.last_guardian(tx, district, volunteer_id) if known.guardian_agreed else None
    guardian = guardian_of(keys, last.id, last.sealed) if last else Guardian("", "")
    return OwnGuardian(
        minor=known.minor,
        agreed=known.guardian_agreed,
        agreed_at=last.agreed_at if last else None,
        name=masked_name(guardian.name),
        phone=masked_phone(guardian.phone),
        text=guardian_text(language),
    )


async def find_minors(
    tx: AsyncConnection, keys: KeyRing, district: str, after: str, limit: int, *, agreed: bool | None
) -> list[Minor]:
    """Return a district's minors by number, from after a number on; those without a guardian's consent, or all."""
    rows = await tx.execute(_MINORS, {"district": district, "after": after, "limit": limit, "agreed": agreed})
    return [_minor(row, keys) for row in rows]


def _minor(row: Row[Any], keys: KeyRing) -> Minor:
    masked = keys.open_person(row.id, SealedPerson(row.wrapped_key, row.personal_data)).masked()
    return Minor(
        id=row.id,
        volunteer_number=row.number,
        name=masked.name,
        phone=masked.phone,
        organisation=row.organisation,
        registered_on=row.registered_on,
        guardian_agreed=row.guardian_agreed,
    )
