"""What is shown of rule documents, and what can be done about them."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from services.portal.rule_documents.domain import Block, blocks_of
from services.portal.shell.kept import Kept
from shared.http.upstream import Change, Read, Upstream


class RuleInForce(BaseModel):
    """A document in force."""

    document_id: UUID
    version: int
    title: str
    in_force_from: date
    required_from: date


class RulesInForce(BaseModel):
    """What a district's volunteers keep to now."""

    items: list[RuleInForce]


class OwnRule(RuleInForce):
    """A document in force, and what of it one has accepted."""

    accepted_at: datetime | None
    accepted_version: int | None
    is_required: bool


class VersionNamed(BaseModel):
    """A version of a document, by its days."""

    version: int
    title: str
    in_force_from: date
    required_from: date
    ended_at: datetime | None = None


class RuleText(VersionNamed):
    """One version of a document with its text, and which others there are, the last first."""

    document_id: UUID
    text: str
    version_in_force: int | None
    versions: list[VersionNamed]

    @property
    def blocks(self) -> Sequence[Block]:
        """Its headings and paragraphs."""
        return [*blocks_of(self.text)]

    def address(self, version: int) -> str:
        """Return where a version of it is read."""
        path = f"/rules/{self.document_id}"
        return path if version == self.version_in_force else f"{path}/{version}"


class VersionCounted(VersionNamed):
    """A version as the centre sees it."""

    published_at: datetime
    accepted: int
    asked: int
    end_reason: str | None = None


class DocumentCounted(BaseModel):
    """A document with its versions, the last first, and of how many volunteers the counts are."""

    document_id: UUID
    version_in_force: int | None
    volunteers: int
    versions: list[VersionCounted]

    @property
    def newest(self) -> VersionCounted:
        """The version published last."""
        return self.versions[0]

    @property
    def in_force(self) -> VersionCounted | None:
        """The version in force; None before its first day."""
        return next((one for one in self.versions if one.version == self.version_in_force), None)


class ListedDocument(BaseModel):
    """A document in the centre's list."""

    document_id: UUID
    version: int
    newest_version: int
    title: str
    in_force_from: date
    required_from: date
    ended_at: datetime | None = None
    accepted: int
    volunteers: int


class Documents(BaseModel):
    """A page of the centre's list."""

    items: list[ListedDocument]
    next_cursor: str | None


class MissingVolunteer(BaseModel):
    """A volunteer who has not accepted a version, masked."""

    volunteer_number: str
    name_masked: str
    asked_at: datetime | None


class Missing(BaseModel):
    """A page of who has not accepted a version."""

    items: list[MissingVolunteer]
    next_cursor: str | None


class Accepted(BaseModel):
    """A version that one has accepted."""

    version: int


class Published(BaseModel):
    """A version that is on file."""

    document_id: UUID


class Ended(BaseModel):
    """A version that was withdrawn or ended."""

    version: int


class AskingBegun(BaseModel):
    """How many are going to be reminded."""

    to_ask: int


_DOCUMENT = "/v1/rule-documents/{document_id}"
IN_FORCE = Read("registry", "/v1/public/rule-documents", RulesInForce)
TEXT = Read("registry", "/v1/public/rule-documents/{document_id}", RuleText)
TEXT_OF_VERSION = Read("registry", "/v1/public/rule-documents/{document_id}/versions/{version}", RuleText)
OWN = Read("registry", "/v1/me/rule-documents", list[OwnRule])
ACCEPT = Change("POST", "registry", "/v1/me/rule-documents/{document_id}/acceptance", Accepted)
LIST = Read("registry", "/v1/rule-documents", Documents)
ONE = Read("registry", _DOCUMENT, DocumentCounted)
MISSING = Read("registry", _DOCUMENT + "/versions/{version}/missing", Missing)
PUBLISH = Change("POST", "registry", "/v1/rule-documents", Published)
PUBLISH_NEXT = Change("POST", "registry", _DOCUMENT + "/versions", Published)
END = Change("POST", "registry", _DOCUMENT + "/versions/{version}/ending", Ended)
REMIND = Change("POST", "registry", _DOCUMENT + "/reminders", AskingBegun)


async def rules_in_force(calls: Upstream, kept: Kept, district: str) -> RulesInForce:
    """Return what the volunteers of a district keep to. Raises AwayError."""
    return await kept.get((IN_FORCE, district), lambda: calls.read(IN_FORCE, district=district))


async def rule_text(
    calls: Upstream, kept: Kept, district: str, document_id: UUID, version: int | None = None
) -> RuleText:
    """Return a version of a document, the one in force where none is named.

    Raises RefusedByServiceError where there is none, and AwayError.
    """
    if version is None:
        return await kept.get(
            (TEXT, district, document_id), lambda: calls.read(TEXT, district=district, document_id=document_id)
        )
    return await kept.get(
        (TEXT_OF_VERSION, district, document_id, version),
        lambda: calls.read(TEXT_OF_VERSION, district=district, document_id=document_id, version=version),
    )
