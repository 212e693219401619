"""Requests to read minors' data over HTTP (未成年人网络保护条例 art. 36, 37)."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.registry.access_log.domain import ReadingPurpose
from services.registry.minor_readings import queries
from services.registry.minor_readings.commands import (
    ReadingAnswered,
    ReadingAsked,
    answer_reading,
    ask_for_reading,
)
from services.registry.minor_readings.queries import AuditEntry, ReadingView
from services.registry.people.dependencies import KeyedIdempotencyKey, Keys
from services.registry.people.forms import Text
from shared.contracts import text
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.forms import Paragraphs
from shared.http.idempotency import idempotent
from shared.http.pages import Page, RequestedPage

router = APIRouter(prefix="/v1/minor-readings", tags=["minor readings"])

UNIT_HEADS = (Role.STATION_MANAGER, Role.TEAM_LEADER)
Reader = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, units=UNIT_HEADS))]
Approver = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN))]
Auditor = Annotated[Caller, Depends(caller_with(Role.AUDITOR, Role.OPERATOR))]


class ReadingForm(BaseModel):
    """Whose data is to be read, what for and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "volunteer_number": "51011500027301",
                    "purpose": "contact",
                    "reason": "电话通知活动改期",
                }
            ]
        }
    )

    volunteer_number: Text
    purpose: ReadingPurpose
    reason: Annotated[Paragraphs, Field(max_length=500)]


class AnswerForm(BaseModel):
    """Whether it may be read; a refusal says why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"approved": False, "answer": "可通过站内消息联系"}]})

    approved: bool
    answer: Annotated[Paragraphs, Field(max_length=500)] = ""


@router.post("", status_code=201, response_model=ReadingAsked)
async def ask(form: ReadingForm, store: ApiStore, keys: Keys, caller: Reader, key: KeyedIdempotencyKey) -> Response:
    """Ask to read a minor's data in clear; another administrator of the district answers within three days."""
    asked = text.number(form.volunteer_number), form.purpose, form.reason.strip()
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 201, partial(ask_for_reading, tx, keys, caller, *asked))


@router.get("")
async def list_readings(
    store: ApiStore,
    keys: Keys,
    caller: Reader,
    page: RequestedPage,
    volunteer_id: UUID | None = None,
    waiting: Annotated[bool, Query(description="only what waits for an answer")] = False,
) -> Page[ReadingView]:
    """List requests, the newest first: the district's, or of who heads a unit their own."""
    position = page.position(UUID)
    before = position[0] if position else None
    async with store.transaction(caller.district) as tx:
        found = await queries.find_readings(
            tx, keys, caller, before, page.limit + 1, waiting=waiting, volunteer_id=volunteer_id
        )
    return Page.of(found, page.limit, lambda reading: (str(reading.id),))


@router.post("/{reading_id}/answer", response_model=ReadingAnswered)
async def answer(
    reading_id: UUID, form: AnswerForm, store: ApiStore, caller: Approver, key: KeyedIdempotencyKey
) -> Response:
    """Approve somebody else's request for four hours, or refuse it and say why."""
    async with store.transaction(caller.district) as tx:
        command = partial(answer_reading, tx, caller, reading_id, form.answer.strip(), approved=form.approved)
        return await idempotent(tx, caller, key, 200, command)


@router.get("/years/{year}")
async def audit(
    year: Annotated[int, Path(ge=2000, le=2999)], store: ApiStore, caller: Auditor, page: RequestedPage
) -> Page[AuditEntry]:
    """Show a year's requests, answers and readings of minors' data, for the yearly audit; the newest first."""
    position = page.position(UUID)
    before = position[0] if position else None
    async with store.transaction(caller.district) as tx:
        found = await queries.audit_of_year(tx, caller.district, year, before, page.limit + 1)
    return Page.of(found, page.limit, lambda entry: (str(entry.id),))
