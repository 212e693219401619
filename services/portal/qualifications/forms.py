"""The form of a qualification: what is typed, and the picture.

Invariant: nothing of a picture goes to a disk: the form is in memory until registry has it.
"""

from base64 import b64encode

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser

from services.portal.shell.clocks import read_day
from services.portal.shell.forms import ShortText
from shared.contracts.evidence import LARGEST_EVIDENCE
from shared.contracts.faults import Code, Fault
from shared.http.problems import ProblemError

LARGEST_FORM = 4 * LARGEST_EVIDENCE
"""What is larger than a picture may be, but no larger than this, is refused by the page, with all that was typed."""
_FILE = "evidence"
_MULTIPART = "multipart/form-data"
_DAYS = ("issued_on", "expires_on")


class QualificationForm(BaseModel):
    """What is typed of a paper."""

    kind: ShortText = ""
    issued_by: ShortText = ""
    number: ShortText = ""
    issued_on: ShortText = ""
    expires_on: ShortText = ""
    key: ShortText = ""

    def faults(self, evidence: bytes, language: str) -> dict[str, str]:
        """Return what registry could not even be asked about, field by field."""
        wrong = {name: Code.DATE for name in _DAYS if getattr(self, name) and read_day(getattr(self, name)) is None}
        if len(evidence) > LARGEST_EVIDENCE:
            wrong[_FILE] = Code.TOO_LARGE
        return {name: Fault("", code).message(language) for name, code in wrong.items()}

    def body(self, evidence: bytes) -> dict[str, object]:
        """Return it as registry wants it; what is no day, or too large, is left out."""
        typed = self.model_dump(include={"kind", "issued_by", "number"})
        days = {name: day.isoformat() for name in _DAYS if (day := read_day(getattr(self, name)))}
        picture = {_FILE: b64encode(evidence).decode()} if 0 < len(evidence) <= LARGEST_EVIDENCE else {}
        return {**typed, **days, **picture}


async def read_form(request: Request) -> tuple[QualificationForm, bytes]:
    """Return what a form says and its picture, empty without one. Raises ProblemError where it is malformed."""
    form = await _parsed(request)
    try:
        file = form.get(_FILE)
        evidence = await file.read() if isinstance(file, UploadFile) else b""
    finally:
        await form.close()
    typed = {name: value for name, value in form.items() if isinstance(value, str)}
    try:
        return QualificationForm.model_validate(typed), evidence
    except ValidationError as error:
        field = str(error.errors(include_input=False)[0]["loc"][0])
        raise ProblemError(422, "invalid-request", [Fault(field, Code.TOO_LONG)]) from None


async def _parsed(request: Request) -> FormData:
    if not request.headers.get("content-type", "").startswith(_MULTIPART):
        return await FormParser(request.headers, request.stream()).parse()
    parser = MultiPartParser(request.headers, request.stream(), max_files=1, max_fields=20)
    parser.spool_max_size = LARGEST_FORM
    try:
        return await parser.parse()
    except MultiPartException:
        raise ProblemError(422, "invalid-request", [Fault("body", Code.FORMAT)]) from None
