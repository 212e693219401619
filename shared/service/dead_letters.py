"""The routes by which an operator sees a service's parked records, and orders them applied again or given up.

Invariant: they are of no district, and the caller's alone is whose answer a repeated request gets. What is ordered is
done by the worker (``shared/messaging/dead_letter_orders.py``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.actor import Role
from shared.contracts.faults import Code, Fault, RefusedError
from shared.contracts.operations import NO_DISTRICT
from shared.http.auth import Caller, caller_with
from shared.http.dead_letters import Action, DeadLetter, Order, Ordered, ShownDeadLetter, State
from shared.http.dependencies import ApiStore
from shared.http.forms import Line
from shared.http.idempotency import IdempotencyKey, idempotent
from shared.http.pages import Page, PageRequest, RequestedPage
from shared.messaging import dead_letter_orders as orders
from shared.messaging.dead_letter_queries import find_dead_letter, find_dead_letters, key_bytes, state_of_letter
from shared.store.engine import Store

_MAX = 500


@dataclass(frozen=True, slots=True)
class DeadLetterDesk:
    """One service's parked records, as its api role may see them. ``prefix`` is of topics' physical names."""

    service: str
    prefix: str

    async def page(
        self,
        store: Store,
        page: PageRequest,
        state: State = State.PARKED,
        topic: str | None = None,
        key: str | None = None,
        reason: str | None = None,
    ) -> Page[DeadLetter]:
        """Return a page of those of a state, what was parked last first. Raises RefusedError for a key that is none."""
        position = page.position(UUID)
        wanted: Mapping[str, object] = {
            "consumer": self.service,
            "state": state,
            "topic": self.prefix + topic if topic else None,
            "key": _key(key) if key else None,
            "reason": reason or None,
            "before": position[0] if position else None,
            "limit": page.limit + 1,
        }
        async with store.transaction(NO_DISTRICT) as tx:
            found = await find_dead_letters(tx, self.prefix, wanted)
        return Page.of(found, page.limit, lambda letter: (str(letter.id),))

    async def one(self, store: Store, letter_id: UUID) -> ShownDeadLetter:
        """Return one record. Raises RefusedError (not_found)."""
        async with store.transaction(NO_DISTRICT) as tx:
            found = await find_dead_letter(tx, self.service, self.prefix, letter_id)
        if found is None:
            raise RefusedError(Fault("letter_id", Code.NOT_FOUND))
        return found

    async def order(self, tx: AsyncConnection, action: Action, letter_id: UUID, by: str, reason: str = "") -> Ordered:
        """Have something done about a record; ``tx`` must be of ``NO_DISTRICT`` too.

        Raises RefusedError: ``not_found``, settled ``already_so``, or a ``reason`` that is ``missing``.
        """
        if action is Action.DISCARD and not reason:
            raise RefusedError(Fault("reason", Code.MISSING))
        state = await state_of_letter(tx, self.service, letter_id)
        if state != State.PARKED:
            raise RefusedError(Fault("letter_id", Code.ALREADY_SO if state else Code.NOT_FOUND))
        await orders.order(tx, action, letter_id, by, reason)
        return Ordered(id=letter_id, order=Order(action=action))


class Discarding(BaseModel):
    """Why a record may never be applied, for the event that tells of it; no name and no number of a person."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "sent twice by the upstream system"}]})

    reason: Annotated[Line, Field(max_length=_MAX)]


def dead_letter_routes(desk: DeadLetterDesk) -> APIRouter:
    """Return the routes of a service's parked records."""
    routes = APIRouter(prefix="/v1/operations/dead-letters", tags=["operations"])
    looks = [Depends(caller_with(Role.OPERATOR))]
    operator_at_hand = caller_with(Role.OPERATOR, stepped_up=True)

    @routes.get("", dependencies=looks)
    async def list_dead_letters(
        store: ApiStore,
        page: RequestedPage,
        state: State = State.PARKED,
        topic: Annotated[str | None, Query(max_length=_MAX)] = None,
        key: Annotated[str | None, Query(max_length=_MAX)] = None,
        reason: Annotated[str | None, Query(max_length=_MAX)] = None,
    ) -> Page[DeadLetter]:
        """List records that could not be applied, what was parked last first."""
        return await desk.page(store, page, state, topic, key, reason)

    @routes.get("/{letter_id}", dependencies=looks)
    async def show_dead_letter(letter_id: UUID, store: ApiStore) -> ShownDeadLetter:
        """Show one: where it was, why it is parked, its headers; never its value."""
        return await desk.one(store, letter_id)

    @routes.post("/{letter_id}/redrive", status_code=202, response_model=Ordered)
    async def redrive_dead_letter(
        letter_id: UUID, store: ApiStore, caller: Annotated[Caller, Depends(operator_at_hand)], key: IdempotencyKey
    ) -> Response:
        """Have it applied again with all that is parked of its key, in the order of the log.

        What fails again stays parked, with its new reason and with what is behind it.
        """
        async with store.transaction(caller.district, NO_DISTRICT) as tx:
            command = partial(desk.order, tx, Action.REDRIVE, letter_id, caller.name)
            return await idempotent(tx, caller, key, 202, command)

    @routes.post("/{letter_id}/discard", status_code=202, response_model=Ordered)
    async def discard_dead_letter(
        letter_id: UUID,
        form: Discarding,
        store: ApiStore,
        caller: Annotated[Caller, Depends(operator_at_hand)],
        key: IdempotencyKey,
    ) -> Response:
        """Give this one record up for good. What waits behind it stays parked: have it applied again."""
        async with store.transaction(caller.district, NO_DISTRICT) as tx:
            command = partial(desk.order, tx, Action.DISCARD, letter_id, caller.name, form.reason)
            return await idempotent(tx, caller, key, 202, command)

    return routes


def _key(shown: str) -> bytes:
    try:
        return key_bytes(shown)
    except ValueError:
        raise RefusedError(Fault("key", Code.FORMAT)) from None
