"""The operator's pages of what no service could apply: all of it by service, one, and what is to be done about it."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request, Response

from services.portal.dead_letters import queries
from services.portal.dead_letters.queries import PORTAL, Wanted, at
from services.portal.sessions.dependencies import page_for, stepped_up_lately
from services.portal.sessions.visits import Visit
from services.portal.shell.forms import ShortText, faults_of
from services.portal.shell.ids import id_of
from shared.contracts.actor import Role
from shared.contracts.faults import Code, RefusedError
from shared.contracts.operations import NO_DISTRICT
from shared.http.dead_letters import Action, DeadLetter, ShownDeadLetter, State
from shared.http.dependencies import ApiStore
from shared.http.pages import Page, PageRequest, RequestedPage
from shared.http.upstream import RefusedByServiceError
from shared.store.engine import Store

router = APIRouter(prefix="/staff/operations/dead-letters", include_in_schema=False)

Operator = Annotated[Visit, Depends(page_for(Role.OPERATOR))]
Service = Literal["registry", "activities", "assessment", "notifications", "portal"]
_Typed = Annotated[str, Query(max_length=500)]
_OF_EACH, _OF_ONE, _UNPROCESSABLE = 20, 50, 422
Faults = dict[str, str]


def _wanted(
    service: Service | Literal[""] = "",
    state: State = State.PARKED,
    topic: _Typed = "",
    key: _Typed = "",
    reason: _Typed = "",
) -> Wanted:
    return Wanted(service=service, state=state, topic=topic.strip(), key=key.strip(), reason=reason.strip())


@router.get("")
async def list_dead_letters(
    request: Request,
    visit: Operator,
    store: ApiStore,
    wanted: Annotated[Wanted, Depends(_wanted)],
    page: RequestedPage,
    cursor: _Typed | None = None,
) -> Response:
    """Show what is parked at every service, what was parked last first; or more of one service's."""
    limit = _OF_ONE if wanted.service else _OF_EACH

    async def own() -> Page[DeadLetter]:
        found: Page[DeadLetter] = await request.app.state.own_dead_letters.page(
            store, PageRequest(limit, page.after), **wanted.parameters()
        )
        return found

    if wanted.has_wrong_key:
        return visit.page("dead_letters/list.html", _UNPROCESSABLE, found=[], wanted=wanted)
    found = await queries.dead_letters(visit.calls, own, wanted, cursor if wanted.service else None, limit)
    return visit.page("dead_letters/list.html", found=found, wanted=wanted)


@router.get("/{service}/{letter_id}")
async def show_dead_letter(
    visit: Operator, store: ApiStore, service: Service, letter_id: str, done: _Typed = ""
) -> Response:
    """Show one: where it was, why it is parked, its headers; and what can be done."""
    return await _one(visit, store, service, id_of(letter_id), done=done)


@router.post("/{service}/{letter_id}/{action}")
async def order(
    visit: Operator,
    store: ApiStore,
    service: Service,
    letter_id: str,
    action: Action,
    reason: Annotated[ShortText, Form()] = "",
    key: Annotated[ShortText, Form()] = "",
) -> Response:
    """Have it applied again with all of its key, or given up; the service's worker does it within seconds."""
    found = id_of(letter_id)
    path = f"/staff/operations/dead-letters/{service}/{found}"
    if service == PORTAL:
        if not await stepped_up_lately(visit):
            return visit.go(f"/step-up?then={path}")
        faults = await _order_own(visit, store, found, action, reason)
    else:
        faults = await _order(visit, service, found, action, reason, key)
    if faults:
        return await _one(visit, store, service, found, faults=faults, reason=reason)
    return visit.go(f"{path}?done={action}")


async def _order(visit: Visit, service: str, letter_id: UUID, action: Action, reason: str, key: str) -> Faults:
    """Order something at another service; return what is wrong with it. Raises what has a page of its own."""
    what = queries.REDRIVE if action is Action.REDRIVE else queries.DISCARD
    form = None if action is Action.REDRIVE else {"reason": reason}
    try:
        await visit.calls.change(at(service, what), form, key=key or None, letter_id=letter_id)
    except RefusedByServiceError as refused:
        if refused.status != _UNPROCESSABLE:
            raise
        return faults_of(refused)
    return {}


async def _order_own(visit: Visit, store: Store, letter_id: UUID, action: Action, reason: str) -> Faults:
    """Order something about a record of the portal's own; what is ordered already is not ordered again."""
    desk = visit.request.app.state.own_dead_letters
    shown: ShownDeadLetter = await desk.one(store, letter_id)
    if shown.order and shown.order.action is action and not shown.order.given_up:
        return {}
    account = visit.session.account_id if visit.session else None
    try:
        async with store.transaction(NO_DISTRICT) as tx:
            await desk.order(tx, action, letter_id, f"account:{account}", reason)
    except RefusedError as refused:
        if any(fault.code == Code.NOT_FOUND for fault in refused.faults):
            raise
        return {fault.field: fault.message(visit.look.language) for fault in refused.faults}
    return {}


async def _one(
    visit: Visit,
    store: Store,
    service: str,
    letter_id: UUID,
    *,
    done: str = "",
    faults: Faults | None = None,
    reason: str = "",
) -> Response:
    if service == PORTAL:
        letter = await visit.request.app.state.own_dead_letters.one(store, letter_id)
    else:
        letter = await visit.calls.read(at(service, queries.ONE), letter_id=letter_id)
    shown = {"service": service, "letter": letter, "done": done, "faults": faults or {}, "reason": reason}
    is_sure = await stepped_up_lately(visit)
    return visit.page("dead_letters/one.html", _UNPROCESSABLE if faults else 200, **shown, is_sure=is_sure)
