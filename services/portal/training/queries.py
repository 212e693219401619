"""What is shown of training material and receipts, and what can be done about them."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from shared.http.upstream import Change, File, Read

STANDINGS = ("all", "unread", "not_passed", "passed")
AUDIENCES = ("individuals", "all", "team", "persons")


class Material(BaseModel):
    """Material in the library, with how many have got, read and passed it."""

    id: UUID
    subject: str
    document_type: str | None
    questions: int
    pass_mark: int
    added_at: datetime
    delivered: int
    read: int
    tested: int
    passed: int


class Materials(BaseModel):
    """A page of the library."""

    items: list[Material]
    next_cursor: str | None


class Question(BaseModel):
    """A question of a test."""

    question: str
    choices: list[str]


class AnsweredQuestion(Question):
    """A question with the place of the right choice, from 0."""

    right: int


class MaterialInFull(Material):
    """Material with its text and test."""

    body: str
    quiz: list[AnsweredQuestion]


class Receipt(BaseModel):
    """How far somebody is."""

    id: UUID
    volunteer_id: UUID
    volunteer_number: str
    name_masked: str
    delivered_at: datetime
    read_at: datetime | None
    tries: int
    best: int
    passed_at: datetime | None


class Receipts(BaseModel):
    """A page of receipts."""

    items: list[Receipt]
    next_cursor: str | None


class OwnMaterial(BaseModel):
    """Material that one has got."""

    id: UUID
    subject: str
    document_type: str | None
    questions: int
    pass_mark: int
    delivered_at: datetime
    read_at: datetime | None
    tries: int
    best: int
    passed_at: datetime | None

    @property
    def state(self) -> str:
        """What is to be done with it: ``read`` it, take its ``test``, or nothing: it is ``done``."""
        if self.read_at is None:
            return "read"
        return "test" if self.questions and self.passed_at is None else "done"


class OwnMaterialInFull(OwnMaterial):
    """Material with its text and the questions of its test."""

    body: str
    quiz: list[Question]


class Added(BaseModel):
    """Material that is in the library."""

    id: UUID


class Begun(BaseModel):
    """A delivery to so many people."""

    people: int


class Result(BaseModel):
    """What a test came to."""

    right: int
    passed: bool


MATERIALS = Read("registry", "/v1/training-materials", Materials)
MATERIAL = Read("registry", "/v1/training-materials/{material_id}", MaterialInFull)
RECEIPTS = Read("registry", "/v1/training-materials/{material_id}/receipts", Receipts)
ADD = Change("POST", "registry", "/v1/training-materials", Added)
DELIVER = Change("POST", "registry", "/v1/training-materials/{material_id}/deliveries", Begun)
OWN = Read("registry", "/v1/me/training", list[OwnMaterial])
OWN_ONE = Read("registry", "/v1/me/training/{delivery_id}", OwnMaterialInFull)
TAKE_TEST = Change("POST", "registry", "/v1/me/training/{delivery_id}/test", Result)
_OF_LIBRARY = "/v1/training-materials/{material_id}/document"
_OF_OWN = "/v1/me/training/{delivery_id}/document"
PDF, OWN_PDF = File("registry", _OF_LIBRARY, "application/pdf"), File("registry", _OF_OWN, "application/pdf")
JPEG, OWN_JPEG = File("registry", _OF_LIBRARY, "image/jpeg"), File("registry", _OF_OWN, "image/jpeg")
PNG, OWN_PNG = File("registry", _OF_LIBRARY, "image/png"), File("registry", _OF_OWN, "image/png")
DOCUMENTS = {file.media_type: file for file in (PDF, JPEG, PNG)}
OWN_DOCUMENTS = {file.media_type: file for file in (OWN_PDF, OWN_JPEG, OWN_PNG)}
