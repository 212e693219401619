"""Rule documents over HTTP: read by anybody, accepted by volunteers, published and followed up by the office."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from services.registry.people.dependencies import Keys
from services.registry.rule_documents import queries
from services.registry.rule_documents.commands import (
    AskingBegun,
    VersionAccepted,
    VersionEnded,
    VersionPublished,
    accept_version,
    ask_the_missing,
    end_version,
    publish_document,
    publish_version,
)
from services.registry.rule_documents.forms import AcceptanceForm, AskingForm, EndingForm, NextVersionForm, VersionForm
from services.registry.rule_documents.queries import (
    DocumentCounted,
    DocumentView,
    MissingVolunteer,
    OwnRule,
    RulesInForce,
    RuleText,
)
from shared.contracts.actor import Role
from shared.contracts.calendar import district_day
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.idempotency import IdempotencyKey, idempotent
from shared.http.pages import Page, RequestedPage
from shared.http.public import PUBLIC_ANSWERS, PUBLIC_READ, InDistrict, public_answer
from shared.store.event_log import now

public_router = APIRouter(prefix="/v1/public", tags=["public"], dependencies=PUBLIC_READ, responses=PUBLIC_ANSWERS)
router = APIRouter(prefix="/v1", tags=["rule documents"])

Self = Annotated[Caller, Depends(caller_with(own=[Role.VOLUNTEER]))]
Office = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN))]
OfficeAtHand = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, stepped_up=True))]


@public_router.get("/rule-documents", response_model=RulesInForce)
async def list_rules_in_force(request: Request, store: ApiStore, district: InDistrict) -> Response:
    """List what the district's volunteers keep to now."""
    async with store.transaction(district) as tx:
        return public_answer(request, await queries.rules_in_force(tx, district, district_day(now())))


@public_router.get("/rule-documents/{document_id}", response_model=RuleText)
async def show_rule_in_force(request: Request, document_id: UUID, store: ApiStore, district: InDistrict) -> Response:
    """Show a document with its text, in the version in force; before its first day, as it was published."""
    async with store.transaction(district) as tx:
        return public_answer(request, await queries.rule_text(tx, district, document_id, None, district_day(now())))


@public_router.get("/rule-documents/{document_id}/versions/{version}", response_model=RuleText)
async def show_version(
    request: Request, document_id: UUID, version: int, store: ApiStore, district: InDistrict
) -> Response:
    """Show a document as it was in a version: what somebody has accepted stays readable."""
    async with store.transaction(district) as tx:
        return public_answer(request, await queries.rule_text(tx, district, document_id, version, district_day(now())))


@router.get("/me/rule-documents")
async def list_own_rules(store: ApiStore, caller: Self) -> list[OwnRule]:
    """List the documents in force, and what of them the caller has accepted."""
    if caller.volunteer_id is None:
        return []
    async with store.transaction(caller.district) as tx:
        return await queries.own_rules(tx, caller.district, caller.volunteer_id, district_day(now()))


@router.post("/me/rule-documents/{document_id}/acceptance", response_model=VersionAccepted)
async def accept(
    document_id: UUID, form: AcceptanceForm, store: ApiStore, caller: Self, key: IdempotencyKey
) -> Response:
    """Say that one has read the version in force and accepts it."""
    async with store.transaction(caller.district) as tx:
        command = partial(accept_version, tx, caller, document_id, form.version, form.channel)
        return await idempotent(tx, caller, key, 200, command)


@router.get("/rule-documents")
async def list_documents(store: ApiStore, caller: Office, page: RequestedPage) -> Page[DocumentView]:
    """List the district's documents, the oldest first, with how many of its volunteers have accepted each."""
    (after,) = page.position(UUID) or (None,)
    async with store.transaction(caller.district) as tx:
        found = await queries.documents(tx, caller.district, after, page.limit + 1, district_day(now()))
    return Page.of(found, page.limit, lambda one: (str(one.document_id),))


@router.post("/rule-documents", status_code=201, response_model=VersionPublished)
async def publish(form: VersionForm, store: ApiStore, caller: OfficeAtHand, key: IdempotencyKey) -> Response:
    """Publish a new document; from its day on every volunteer is asked to accept it."""
    async with store.transaction(caller.district) as tx:
        command = partial(publish_document, tx, caller, form.new(district_day(now())))
        return await idempotent(tx, caller, key, 201, command)


@router.get("/rule-documents/{document_id}")
async def show_document(document_id: UUID, store: ApiStore, caller: Office) -> DocumentCounted:
    """Show a document's versions and how many have accepted each."""
    async with store.transaction(caller.district) as tx:
        return await queries.document_counted(tx, caller.district, document_id, district_day(now()))


@router.post("/rule-documents/{document_id}/versions", status_code=201, response_model=VersionPublished)
async def publish_next(
    document_id: UUID, form: NextVersionForm, store: ApiStore, caller: OfficeAtHand, key: IdempotencyKey
) -> Response:
    """Publish the next version of a document; from its day on everybody is asked anew, older ones stay readable."""
    async with store.transaction(caller.district) as tx:
        command = partial(publish_version, tx, caller, document_id, form.version, form.new(district_day(now())))
        return await idempotent(tx, caller, key, 201, command)


@router.post("/rule-documents/{document_id}/versions/{version}/ending", response_model=VersionEnded)
async def end(
    document_id: UUID, version: int, form: EndingForm, store: ApiStore, caller: OfficeAtHand, key: IdempotencyKey
) -> Response:
    """Withdraw a version before its first day, or end the one in force; nobody is asked for it any more."""
    async with store.transaction(caller.district) as tx:
        command = partial(end_version, tx, caller, document_id, version, form.reason)
        return await idempotent(tx, caller, key, 200, command)


@router.get("/rule-documents/{document_id}/versions/{version}/missing")
async def list_missing(
    document_id: UUID, version: int, store: ApiStore, keys: Keys, caller: Office, page: RequestedPage
) -> Page[MissingVolunteer]:
    """List who on the register has not accepted a version, by number, masked, and when they were reminded."""
    (after,) = page.position(str) or ("",)
    async with store.transaction(caller.district) as tx:
        found = await queries.missing(tx, keys, caller.district, (document_id, version), after, page.limit + 1)
    return Page.of(found, page.limit, lambda one: (one.volunteer_number,))


@router.post("/rule-documents/{document_id}/reminders", status_code=202, response_model=AskingBegun)
async def remind(document_id: UUID, form: AskingForm, store: ApiStore, caller: Office, key: IdempotencyKey) -> Response:
    """Have everybody reminded who has not accepted the version in force, each once a version."""
    async with store.transaction(caller.district) as tx:
        command = partial(ask_the_missing, tx, caller, document_id, form.version)
        return await idempotent(tx, caller, key, 202, command)
