"""What is shown of qualifications, and what can be done about them."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from shared.http.upstream import Change, File, Read


class Qualification(BaseModel):
    """What every page of a qualification says."""

    id: UUID
    kind: str
    state: str
    issued_on: date
    expires_on: date | None
    evidence_type: str | None
    submitted_at: datetime
    decided_at: datetime | None

    @property
    def evidence(self) -> str | None:
        """The name of its picture as a file; None without one."""
        ending = ENDINGS.get(self.evidence_type or "")
        return f"evidence.{ending}" if ending else None

    def expires_soon(self, today: date) -> bool:
        """Whether it holds for 30 days more at most."""
        return self.state == "verified" and self.expires_on is not None and (self.expires_on - today).days <= _SOON


class OwnQualification(Qualification):
    """One's own."""

    issued_by: str
    number: str
    reason: str | None


class ListedQualification(Qualification):
    """One in the centre's list."""

    volunteer_number: str
    name_masked: str


class Qualifications(BaseModel):
    """A page of the centre's list."""

    items: list[ListedQualification]
    next_cursor: str | None


class QualificationInClear(ListedQualification):
    """One as it is looked at."""

    volunteer_id: UUID
    name: str
    issued_by: str
    number: str
    reason: str | None


class Stands(BaseModel):
    """Where one stands now."""

    id: UUID
    state: str


_SOON = 30
ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}
_EVIDENCE = "/v1/qualifications/{qualification_id}/evidence"
PDF = File("registry", _EVIDENCE, "application/pdf")
JPEG = File("registry", _EVIDENCE, "image/jpeg")
PNG = File("registry", _EVIDENCE, "image/png")
FILES = {ENDINGS[file.media_type]: file for file in (PDF, JPEG, PNG)}
OWN = Read("registry", "/v1/me/qualifications", list[OwnQualification])
SUBMIT = Change("POST", "registry", "/v1/me/qualifications", Stands)
LIST = Read("registry", "/v1/qualifications", Qualifications)
ONE = Read("registry", "/v1/qualifications/{qualification_id}", QualificationInClear)
DECIDE = Change("POST", "registry", "/v1/qualifications/{qualification_id}/verdict", Stands)
REVOKE = Change("POST", "registry", "/v1/qualifications/{qualification_id}/revocation", Stands)
