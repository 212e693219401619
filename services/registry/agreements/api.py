"""Agreements between universities and stations over HTTP: the office enters and ends them, staff see them."""

from datetime import date
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict

from services.registry.agreements import queries
from services.registry.agreements.commands import AgreementOnFile, end_agreement, enter_agreement
from services.registry.agreements.domain import NewAgreement
from services.registry.agreements.queries import AgreementView
from shared.contracts.actor import Reach, Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.forms import Paragraphs
from shared.http.idempotency import IdempotencyKey, idempotent
from shared.http.pages import Page, RequestedPage

router = APIRouter(prefix="/v1/agreements", tags=["agreements"])

Office = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN))]
_STAFF = (Role.DISTRICT_ADMIN, Role.AUDITOR, Role.STATION_MANAGER, Role.TEAM_LEADER)
StaffOrGuide = Annotated[Caller, Depends(caller_with(*_STAFF, units=[Role.GUIDE]))]


class AgreementForm(BaseModel):
    """An agreement as it was signed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "organisation_id": "019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a77",
                    "station_id": "019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a78",
                    "starts_on": "2027-03-01",
                    "ends_on": "2028-02-29",
                    "students": 120,
                    "purpose": "每周末助学助教",
                }
            ]
        }
    )

    organisation_id: UUID
    station_id: UUID
    starts_on: date
    ends_on: date
    students: int
    purpose: Paragraphs = ""

    def said(self) -> NewAgreement:
        """Return it as the rules want it."""
        return NewAgreement(**self.model_dump())


class EndingForm(BaseModel):
    """Why an agreement ends before its last day."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "站点搬迁"}]})

    reason: Paragraphs = ""


@router.get("")
async def list_agreements(
    store: ApiStore,
    caller: StaffOrGuide,
    page: RequestedPage,
    organisation_id: UUID | None = None,
    station_id: UUID | None = None,
    in_force: bool = False,
) -> Page[AgreementView]:
    """List agreements, the last entered first; of a guiding body's officer those of organisations that it guides."""
    (before,) = page.position(UUID) or (None,)
    guides = None if caller.reach is Reach.DISTRICT else list(caller.scope.units)
    async with store.transaction(caller.district) as tx:
        found = await queries.agreements(
            tx,
            caller.district,
            guides,
            before,
            page.limit + 1,
            organisation_id=organisation_id,
            station_id=station_id,
            in_force=in_force,
        )
    return Page.of(found, page.limit, lambda one: (str(one.id),))


@router.post("", status_code=201, response_model=AgreementOnFile)
async def enter(form: AgreementForm, store: ApiStore, caller: Office, key: IdempotencyKey) -> Response:
    """Enter an agreement; both managers are told 30 days before its last day."""
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 201, partial(enter_agreement, tx, caller, form.said()))


@router.post("/{agreement_id}/ending", response_model=AgreementOnFile)
async def end(agreement_id: UUID, form: EndingForm, store: ApiStore, caller: Office, key: IdempotencyKey) -> Response:
    """End an agreement today, before its last day, with the reason."""
    async with store.transaction(caller.district) as tx:
        command = partial(end_agreement, tx, caller, agreement_id, form.reason)
        return await idempotent(tx, caller, key, 200, command)
