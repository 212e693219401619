"""What registry holds of a person, as they are shown it; and what is to be put right, as the office is."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.own_data.domain import Correctable, CorrectionState
from services.registry.people.domain.papers import Document
from services.registry.people.domain.privacy import KeyRing, SealedPerson
from services.registry.people.repository import entries_of
from shared.contracts.faults import Code, Fault, RefusedError


class OwnConsent(BaseModel):
    """What somebody has consented to, or has not, and when they said so."""

    purpose: str
    text_version: str
    given: bool
    channel: str
    stated_at: datetime


class OwnAcceptance(BaseModel):
    """A version of a rule document that somebody has accepted, or was reminded of."""

    title: str
    version: int
    asked_at: datetime | None
    accepted_at: datetime | None
    channel: str | None


class OwnAccount(BaseModel):
    """The account that somebody logs in by."""

    user_name: str
    created_at: datetime
    second_factor: bool
    issuers: list[str]
    """Those outside by whose word one logs in."""
    sessions: int
    """How many log-ins go on."""


class OwnPlacement(BaseModel):
    """A place at a station that was proposed."""

    station: str
    service: str
    state: str
    answered_at: datetime | None


class OwnInvitation(BaseModel):
    """A team that one was asked to join."""

    team: str
    state: str
    invited_at: datetime
    answered_at: datetime | None


class OwnContact(BaseModel):
    """That one was contacted as an individual, and what was noted of it."""

    contacted_on: date
    way: str
    outcome: str
    note: str


class OwnTraining(BaseModel):
    """Training material that one has got, and how far one is with it."""

    subject: str
    delivered_at: datetime
    read_at: datetime | None
    tries: int
    best: int
    passed_at: datetime | None


class OwnCorrection(BaseModel):
    """Something that one has asked to be put right, and what came of it."""

    id: UUID
    field: Correctable
    state: CorrectionState
    asked_at: datetime
    due_on: date
    answered_at: datetime | None
    answer: str | None


class OwnEntry(BaseModel):
    """Another entry of the person's, which was merged into theirs."""

    number: str
    name: str
    id_number: str
    phone: str
    email: str
    registered_on: date


class OwnData(BaseModel):
    """All that registry holds of a person; masked, unless it is a copy. ``organisation`` and ``team`` are names."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "number": "51011500027301",
                    "name": "张**",
                    "gender": "female",
                    "document": "resident_id",
                    "id_number": "519900********0186",
                    "born_on": None,
                    "phone": "170****8271",
                    "email": "x***@example.org",
                    "category": "university_student",
                    "organisation": "四川农业大学青年志愿者协会",
                    "team": None,
                    "skills": ["english"],
                    "services": ["tutoring"],
                    "community": None,
                    "community_name": None,
                    "language": "zh-CN",
                    "registered_on": "2026-03-01",
                    "source": "self",
                    "account": None,
                    "consents": [],
                    "rules": [],
                    "placements": [],
                    "invitations": [],
                    "contacts": [],
                    "training": [],
                    "corrections": [],
                    "merged_entries": [],
                }
            ]
        }
    )

    number: str
    name: str
    gender: str
    document: Document
    id_number: str
    born_on: date | None
    phone: str
    email: str
    category: str
    organisation: str | None
    team: str | None
    skills: list[str]
    services: list[str]
    community: str | None
    community_name: str | None
    language: str
    registered_on: date
    source: str
    account: OwnAccount | None
    consents: list[OwnConsent]
    rules: list[OwnAcceptance]
    placements: list[OwnPlacement]
    invitations: list[OwnInvitation]
    contacts: list[OwnContact]
    training: list[OwnTraining]
    corrections: list[OwnCorrection]
    merged_entries: list[OwnEntry]


class CorrectionView(BaseModel):
    """Something that the office is asked to put right; what is to stand there is shown when it is opened."""

    id: UUID
    volunteer_id: UUID
    volunteer_number: str
    field: Correctable
    asked_at: datetime
    due_on: date


class CorrectionOpened(BaseModel):
    """What somebody wants put right, in clear, and what is on file; that it was read is in the access log."""

    id: UUID
    volunteer_number: str
    name: str
    phone: str
    field: Correctable
    on_file: str
    value: str
    reason: str
    document_on_file: Document | None
    """Of an ID number: the paper that it is on now."""
    document: str | None
    """The paper that it is to be on, and the birthday, as they were stated with it."""
    born_on: str | None


_PERSON = text("""
    SELECT v.id, v.number, v.wrapped_key, v.personal_data, v.category, o.name AS organisation, t.name AS team,
           v.skills, v.services, v.community, d.name AS community_name, v.language, v.registered_on, v.source
    FROM volunteer v
    LEFT JOIN organisation o ON o.district = v.district AND o.id = v.organisation_id
    LEFT JOIN team t ON t.district = v.district AND t.id = v.team_id
    LEFT JOIN division d ON d.district = v.district AND d.code = v.community
    WHERE v.district = :district AND v.id = :id AND v.restricted_at IS NULL
""")
_CONSENTS = text("""
    SELECT purpose, text_version, given, channel, stated_at FROM consent
    WHERE district = :district AND volunteer_id = :id ORDER BY stated_at, id
""")
_RULES = text(f"""
    SELECT d.title, d.version, a.asked_at, a.accepted_at, a.channel
    FROM rule_acceptance a
    JOIN rule_document d ON d.district = a.district AND d.id = a.document_id AND d.version = a.document_version
    WHERE a.district = :district AND a.volunteer_id = {entries_of(":id")} ORDER BY d.id, d.version, a.volunteer_id
""")
_ACCOUNT = text("""
    SELECT user_name, created_at,
           EXISTS (SELECT FROM second_factor f WHERE f.district = a.district AND f.account_id = a.id
                   AND f.confirmed_at IS NOT NULL) AS second_factor,
           ARRAY(SELECT issuer FROM outside_identity i WHERE i.account_id = a.id ORDER BY issuer) AS issuers,
           (SELECT count(*) FROM session s
            WHERE s.district = a.district AND s.account_id = a.id
              AND s.ended_at IS NULL AND least(s.expires_at, s.idle_until) > clock_timestamp()) AS sessions
    FROM account a WHERE district = :district AND id = :account_id
""")
_PLACEMENTS = text("""
    SELECT s.name AS station, p.service, p.state, p.answered_at
    FROM placement p JOIN station s ON s.district = p.district AND s.id = p.station_id
    WHERE p.district = :district AND p.volunteer_id = :id AND p.state NOT IN ('planned', 'replaced') ORDER BY p.id
""")
_INVITATIONS = text("""
    SELECT t.name AS team, i.state, i.invited_at, i.answered_at
    FROM team_invitation i JOIN team t ON t.district = i.district AND t.id = i.team_id
    WHERE i.district = :district AND i.volunteer_id = :id ORDER BY i.id
""")
_CONTACTS = text("""
    SELECT id, contacted_on, way, outcome, note FROM individual_contact
    WHERE district = :district AND volunteer_id = :id ORDER BY contacted_on, id
""")
_TRAINING = text("""
    SELECT m.subject, d.delivered_at, d.read_at, d.tries, d.best, d.passed_at
    FROM training_delivery d JOIN training_material m ON m.district = d.district AND m.id = d.material_id
    WHERE d.district = :district AND d.volunteer_id = :id ORDER BY d.id
""")
_CORRECTIONS = text("""
    SELECT id, field, state, asked_at, due_on, answered_at, answer FROM correction
    WHERE district = :district AND volunteer_id = :id ORDER BY id DESC LIMIT 100
""")
_MERGED = text("""
    SELECT id, number, wrapped_key, personal_data, registered_on FROM volunteer
    WHERE district = :district AND merged_into_id = :id AND restricted_at IS NULL ORDER BY number
""")
_OPEN = text("""
    SELECT c.id, c.volunteer_id, v.number AS volunteer_number, c.field, c.asked_at, c.due_on
    FROM correction c JOIN volunteer v ON v.district = c.district AND v.id = c.volunteer_id
    WHERE c.district = :district AND c.state = 'open'
      AND (CAST(:after AS date) IS NULL OR (c.due_on, c.id) > (:after, CAST(:after_id AS uuid)))
    ORDER BY c.due_on, c.id LIMIT :limit
""")


async def own_data(
    tx: AsyncConnection, keys: KeyRing, district: str, volunteer_id: UUID, account_id: UUID, *, in_clear: bool = False
) -> OwnData:
    """Return all that registry holds of a person. Raises RefusedError (not_found)."""
    key: dict[str, Any] = {"district": district, "id": volunteer_id, "account_id": account_id}
    row = (await tx.execute(_PERSON, key)).mappings().one_or_none()
    if row is None:
        raise RefusedError(Fault("volunteer_id", Code.NOT_FOUND))
    person = keys.open_person(volunteer_id, SealedPerson(row["wrapped_key"], row["personal_data"]))
    shown = person if in_clear else person.masked()
    account = (await tx.execute(_ACCOUNT, key)).mappings().one_or_none()
    return OwnData(
        **{name: row[name] for name in row if name not in ("id", "wrapped_key", "personal_data")},
        name=shown.name,
        gender=shown.gender,
        document=shown.document,
        id_number=shown.id_number,
        born_on=shown.born_on,
        phone=shown.phone,
        email=shown.email,
        account=OwnAccount(**account) if account else None,
        consents=[OwnConsent(**each) for each in (await tx.execute(_CONSENTS, key)).mappings()],
        rules=[OwnAcceptance(**each) for each in (await tx.execute(_RULES, key)).mappings()],
        placements=[OwnPlacement(**each) for each in (await tx.execute(_PLACEMENTS, key)).mappings()],
        invitations=[OwnInvitation(**each) for each in (await tx.execute(_INVITATIONS, key)).mappings()],
        contacts=[
            OwnContact(**{**each, "note": keys.open_text(each["id"], each["note"]).decode()})
            for each in (await tx.execute(_CONTACTS, key)).mappings()
        ],
        training=[OwnTraining(**each) for each in (await tx.execute(_TRAINING, key)).mappings()],
        corrections=await own_corrections(tx, district, volunteer_id),
        merged_entries=[_entry(keys, each, in_clear=in_clear) for each in (await tx.execute(_MERGED, key)).mappings()],
    )


def _entry(keys: KeyRing, row: RowMapping, *, in_clear: bool) -> OwnEntry:
    person = keys.open_person(row["id"], SealedPerson(row["wrapped_key"], row["personal_data"]))
    shown = person if in_clear else person.masked()
    return OwnEntry(
        number=row["number"],
        name=shown.name,
        id_number=shown.id_number,
        phone=shown.phone,
        email=shown.email,
        registered_on=row["registered_on"],
    )


async def own_corrections(tx: AsyncConnection, district: str, volunteer_id: UUID) -> list[OwnCorrection]:
    """Return what somebody has asked to be put right, the newest first; a hundred of them."""
    rows = await tx.execute(_CORRECTIONS, {"district": district, "id": volunteer_id})
    return [OwnCorrection(**row) for row in rows.mappings()]


async def open_corrections(
    tx: AsyncConnection, district: str, after: tuple[Any, ...] | None, limit: int
) -> list[CorrectionView]:
    """Return what the office is to decide; what is due first is at the top."""
    due, correction_id = after or (None, None)
    values = {"district": district, "after": due, "after_id": correction_id, "limit": limit}
    return [CorrectionView(**row) for row in (await tx.execute(_OPEN, values)).mappings()]
