"""How a district's deliveries stand, for its staff; and sending again what has failed, for operators."""

from datetime import date, datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict

from services.notifications.deliveries import queries
from services.notifications.deliveries.queries import DeliveryCountView, FailedMail
from services.notifications.deliveries.sending_again import Period, SendingOrdered, order_all, order_one
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.forms import Line
from shared.http.idempotency import IdempotencyKey, idempotent
from shared.http.pages import Page, RequestedPage

router = APIRouter(prefix="/v1/deliveries", tags=["deliveries"])

Staff = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, Role.AUDITOR, Role.OPERATOR))]
Operator = Annotated[Caller, Depends(caller_with(Role.OPERATOR))]
OperatorAtHand = Annotated[Caller, Depends(caller_with(Role.OPERATOR, stepped_up=True))]


class SendingForm(BaseModel):
    """Why a mail is sent again; it goes into the event, so no name and no number of a person belongs here."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "邮件服务器的发件地址已改正"}]})

    reason: Line = ""


class SendingAllForm(SendingForm):
    """Of which days, both included, what has failed is sent again, and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"first_day": "2027-03-01", "last_day": "2027-03-02", "reason": "邮件服务器的发件地址已改正"}]
        }
    )

    first_day: date
    last_day: date


@router.get("/summary")
async def summarise_deliveries(store: ApiStore, caller: Staff) -> list[DeliveryCountView]:
    """Count the district's deliveries by channel, state and reason."""
    async with store.transaction(caller.district) as tx:
        return await queries.delivery_counts(tx, caller.district)


@router.get("/failed")
async def list_failed(store: ApiStore, caller: Operator, page: RequestedPage) -> Page[FailedMail]:
    """List the district's mails that have failed for good, of what happened last first."""
    before = page.position(datetime.fromisoformat, UUID)
    async with store.transaction(caller.district) as tx:
        found = await queries.failed_mails(tx, caller.district, before, page.limit + 1)
    return Page.of(found, page.limit, lambda mail: (mail.occurred_at.isoformat(), str(mail.id)))


@router.post("/sending-again", status_code=202, response_model=SendingOrdered)
async def send_all_again(
    form: SendingAllForm, store: ApiStore, caller: OperatorAtHand, key: IdempotencyKey
) -> Response:
    """Have the district's mails of some days sent again that have failed for good; what comes too late is left out."""
    async with store.transaction(caller.district) as tx:
        period = Period(form.first_day, form.last_day)
        return await idempotent(tx, caller, key, 202, partial(order_all, tx, caller, period, form.reason))


@router.post("/{delivery_id}/sending-again", status_code=202, response_model=SendingOrdered)
async def send_again(
    delivery_id: UUID, form: SendingForm, store: ApiStore, caller: OperatorAtHand, key: IdempotencyKey
) -> Response:
    """Have a mail sent again that has failed for good; the worker does it within seconds."""
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 202, partial(order_one, tx, caller, delivery_id, form.reason))
