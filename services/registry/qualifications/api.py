"""Qualifications over HTTP: a volunteer submits and sees their own, the office looks at them and decides."""

from base64 import b64decode
from binascii import Error as NoBase64Error
from datetime import date
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from services.registry.people.dependencies import KeyedIdempotencyKey, Keys
from services.registry.qualifications import queries
from services.registry.qualifications.commands import (
    QualificationStands,
    decide_qualification,
    read_evidence,
    read_qualification,
    revoke_qualification,
    submit_qualification,
)
from services.registry.qualifications.domain import Paper, QualificationState
from services.registry.qualifications.queries import OwnQualification, QualificationInClear, QualificationView
from shared.contracts.actor import Role
from shared.contracts.evidence import ENDINGS
from shared.contracts.faults import Code, Fault, RefusedError
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.forms import Line, Paragraphs
from shared.http.idempotency import IdempotencyKey, idempotent
from shared.http.pages import Page, RequestedPage

router = APIRouter(prefix="/v1", tags=["qualifications"])

OWN = "/me/qualifications"
Self = Annotated[Caller, Depends(caller_with(own=[Role.VOLUNTEER]))]
Office = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN))]
SelfOrOffice = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, own=[Role.VOLUNTEER]))]


class QualificationForm(BaseModel):
    """What a paper says. What is left out is refused by the rules, all of it at once."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "first_aid",
                    "issued_by": "温江区红十字会",
                    "number": "JH-2026-00123",
                    "issued_on": "2026-03-01",
                    "expires_on": "2029-02-28",
                }
            ]
        }
    )

    kind: Line = ""
    issued_by: Line = ""
    number: Line = ""
    issued_on: date | None = None
    expires_on: date | None = Field(None, description="The last day on which it holds; absent for one without an end.")
    evidence: str | None = Field(None, description="A picture or scan: PDF, JPEG or PNG of at most 5 MiB, in base64.")

    def paper(self) -> Paper:
        """Return it as the rules want it."""
        return Paper(self.kind, self.issued_by, self.number, self.issued_on, self.expires_on)

    def content(self) -> bytes | None:
        """Return the picture. Raises RefusedError ``format`` where it is no base64."""
        if not self.evidence:
            return None
        try:
            return b64decode(self.evidence, validate=True)
        except (NoBase64Error, ValueError):
            raise RefusedError(Fault("evidence", Code.FORMAT)) from None


class Verdict(BaseModel):
    """Whether a qualification holds; if not, why: the volunteer reads it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"verified": False, "reason": "照片看不清证书编号"}]})

    verified: bool
    reason: Paragraphs = ""


class Revocation(BaseModel):
    """Why a qualification holds no more: the volunteer reads it."""

    reason: Paragraphs = ""


@router.get(OWN)
async def list_own_qualifications(store: ApiStore, keys: Keys, caller: Self) -> list[OwnQualification]:
    """List one's own qualifications, the last submitted first."""
    if caller.volunteer_id is None:
        return []
    async with store.transaction(caller.district) as tx:
        return await queries.own_qualifications(tx, keys, caller.district, caller.volunteer_id)


@router.post(OWN, status_code=201, response_model=QualificationStands)
async def submit(
    form: QualificationForm, store: ApiStore, keys: Keys, caller: Self, key: KeyedIdempotencyKey
) -> Response:
    """Submit a qualification for the office to look at, with a picture of the paper or without."""
    evidence = form.content()
    async with store.transaction(caller.district) as tx:
        command = partial(submit_qualification, tx, keys, caller, form.paper(), evidence)
        return await idempotent(tx, caller, key, 201, command)


@router.get("/qualifications")
async def list_qualifications(
    store: ApiStore,
    keys: Keys,
    caller: Office,
    page: RequestedPage,
    state: QualificationState = QualificationState.SUBMITTED,
) -> Page[QualificationView]:
    """List the district's qualifications in a state: those that wait in order of arrival, others the last first."""
    (after,) = page.position(UUID) or (None,)
    async with store.transaction(caller.district) as tx:
        found = await queries.find_qualifications(tx, keys, caller.district, state, after, page.limit + 1)
    return Page.of(found, page.limit, lambda one: (str(one.id),))


@router.get("/qualifications/{qualification_id}")
async def show_qualification(
    qualification_id: UUID, store: ApiStore, keys: Keys, caller: Office
) -> QualificationInClear:
    """Show whose paper it is and what it says, to look at it; the reading stands in the access log."""
    async with store.transaction(caller.district) as tx:
        return await read_qualification(tx, keys, caller, qualification_id)


@router.get(
    "/qualifications/{qualification_id}/evidence",
    response_class=Response,
    responses={200: {"content": {media_type: {} for media_type in ENDINGS}}},
)
async def show_evidence(qualification_id: UUID, store: ApiStore, keys: Keys, caller: SelfOrOffice) -> Response:
    """Hand out a paper's picture as an attachment; another's reading stands in the access log."""
    async with store.transaction(caller.district) as tx:
        found = await read_evidence(tx, keys, caller, qualification_id)
    name = f"qualification-{qualification_id}{ENDINGS[found.media_type]}"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return Response(found.content, 200, headers, found.media_type)


@router.post("/qualifications/{qualification_id}/verdict", response_model=QualificationStands)
async def decide(
    qualification_id: UUID, form: Verdict, store: ApiStore, caller: Office, key: IdempotencyKey
) -> Response:
    """Say that a qualification holds, or why not; the volunteer is told."""
    async with store.transaction(caller.district) as tx:
        command = partial(
            decide_qualification, tx, caller, qualification_id, verified=form.verified, reason=form.reason
        )
        return await idempotent(tx, caller, key, 200, command)


@router.post("/qualifications/{qualification_id}/revocation", response_model=QualificationStands)
async def revoke(
    qualification_id: UUID, form: Revocation, store: ApiStore, caller: Office, key: IdempotencyKey
) -> Response:
    """Say that a verified qualification holds no more, and why; the volunteer is told."""
    async with store.transaction(caller.district) as tx:
        command = partial(revoke_qualification, tx, caller, qualification_id, form.reason)
        return await idempotent(tx, caller, key, 200, command)
