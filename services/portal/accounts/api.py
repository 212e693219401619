"""Pages of a district's accounts: found by name, opened, changed, locked, let in anew, and what was done to each.

Invariant: a temporary password is in one answer, on no address and kept nowhere.
"""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Query, Response
from pydantic import BaseModel, Field

from services.portal.accounts import queries
from services.portal.accounts.domain import offered, unknown_password
from services.portal.sessions.dependencies import page_for, stepped_up_lately
from services.portal.sessions.visits import Visit
from services.portal.shell.dependencies import KeptAnswers
from services.portal.shell.forms import ShortText, faults_of
from services.portal.shell.ids import id_of
from shared.contracts.actor import Role
from shared.http.upstream import RefusedByServiceError, unless_away

router = APIRouter(prefix="/staff/accounts", include_in_schema=False)

Office = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN, Role.OPERATOR))]
_Texts = Annotated[list[ShortText], Field(max_length=300)]
_SIMPLE = {
    "lock": queries.LOCK,
    "unlock": queries.UNLOCK,
    "log-out": queries.LOG_OUT,
    "second-factor-reset": queries.RESET_FACTOR,
}
_CHANGES_SHOWN = 20


class AccountForm(BaseModel):
    """An account to open, or all that one may do from now on and why."""

    user_name: ShortText = ""
    volunteer_number: ShortText = ""
    roles: _Texts = []
    units: _Texts = []
    reason: ShortText = ""
    key: ShortText = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """What somebody has tried with an account, by which of its forms, and why it was refused."""

    at: str
    form: AccountForm
    refused: RefusedByServiceError


@router.get("")
async def list_accounts(
    visit: Office,
    query: Annotated[str, Query(max_length=100)] = "",
    role: Annotated[str, Query(max_length=50)] = "",
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """Find accounts by how their name or number begins, and by role."""
    wanted = role if role in list(Role) else ""
    asked = {"query": query.strip() or None, "role": wanted or None, "cursor": cursor}
    found = await unless_away(visit.calls.read(queries.ACCOUNTS, **asked))
    roles = [each.value for each in Role if each not in (Role.OPERATOR, Role.UPSTREAM)]
    return visit.page("accounts/list.html", found=found, query=query.strip(), role=wanted, roles=roles)


@router.get("/new")
async def show_form(visit: Office, kept: KeptAnswers) -> Response:
    """Show the form for opening an account."""
    return await _new(visit, kept, AccountForm())


@router.post("/new")
async def open_account(visit: Office, kept: KeptAnswers, form: Annotated[AccountForm, Form()]) -> Response:
    """Open an account; its owner gets a password afterwards, on the account's page."""
    key = form.key or str(uuid4())
    body = {
        "user_name": form.user_name or None,
        "volunteer_number": form.volunteer_number or None,
        "roles": form.roles,
        "units": form.units,
        "password": unknown_password(key),
    }
    try:
        done = await visit.calls.change(queries.OPEN, body, key=key)
    except RefusedByServiceError as refused:
        return await _new(visit, kept, form, _about_the_form(refused))
    return visit.go(f"/staff/accounts/{done.id}?done=opened")


@router.get("/{account_id}")
async def show_account(
    visit: Office,
    kept: KeptAnswers,
    account_id: str,
    done: Annotated[str, Query(max_length=30)] = "",
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """Show an account, what can be done with it, and what was done."""
    return await _account(visit, kept, id_of(account_id), done=done, cursor=cursor)


@router.post("/{account_id}/roles")
async def change_roles(
    visit: Office, kept: KeptAnswers, account_id: str, form: Annotated[AccountForm, Form()]
) -> Response:
    """Replace what an account may do."""
    found = id_of(account_id)
    body = {"roles": form.roles, "units": form.units, "reason": form.reason}
    try:
        await visit.calls.change(queries.ROLES, body, account_id=found)
    except RefusedByServiceError as refused:
        return await _account(visit, kept, found, tried=Tried("roles", form, _about_the_form(refused)))
    return visit.go(f"/staff/accounts/{found}?done=roles")


@router.post("/{account_id}/password-reset")
async def reset_password(
    visit: Office, kept: KeptAnswers, account_id: str, reason: Annotated[ShortText, Form()] = ""
) -> Response:
    """Give an account a temporary password and show it, this once."""
    found = id_of(account_id)
    try:
        given = await visit.calls.change(queries.RESET_PASSWORD, {"reason": reason}, account_id=found)
    except RefusedByServiceError as refused:
        tried = Tried("password-reset", AccountForm(reason=reason), _about_the_form(refused))
        return await _account(visit, kept, found, tried=tried)
    return await _account(visit, kept, found, password=given.temporary_password)


@router.post("/{account_id}/{what}")
async def do_to_account(
    visit: Office,
    kept: KeptAnswers,
    account_id: str,
    what: Literal["lock", "unlock", "log-out", "second-factor-reset"],
    reason: Annotated[ShortText, Form()] = "",
) -> Response:
    """Lock or unlock an account, log it out everywhere, or take its second factor."""
    found = id_of(account_id)
    try:
        await visit.calls.change(_SIMPLE[what], {"reason": reason}, account_id=found)
    except RefusedByServiceError as refused:
        tried = Tried(what, AccountForm(reason=reason), _about_the_form(refused))
        return await _account(visit, kept, found, tried=tried)
    return visit.go(f"/staff/accounts/{found}?done={what}")


def _about_the_form(refused: RefusedByServiceError) -> RefusedByServiceError:
    """Return a refusal that stands beside the form. Raises it where it has a page of its own: step-up, no account."""
    fields = {fault.get("field") for fault in refused.faults}
    of_no_account = refused.has("not_found") and "second_factor" not in fields
    if not refused.faults or refused.has("step_up") or of_no_account:
        raise refused
    return refused


async def _account(
    visit: Visit,
    kept: KeptAnswers,
    account_id: UUID,
    *,
    tried: Tried | None = None,
    done: str = "",
    cursor: str | None = None,
    password: str = "",
) -> Response:
    account, history, units = await asyncio.gather(
        visit.calls.read(queries.ACCOUNT, account_id=account_id),
        unless_away(visit.calls.read(queries.HISTORY, account_id=account_id, cursor=cursor, limit=_CHANGES_SHOWN)),
        queries.units(visit.calls, kept, visit.district),
    )
    shown: dict[str, Any] = {
        "account": account,
        "history": history,
        "units": units,
        "offered": offered(_roles(visit)),
        "form": tried.form if tried else None,
        "at": tried.at if tried else "",
        "faults": faults_of(tried.refused) if tried else {},
        "done": done,
        "password": password,
        "first": cursor is None,
    }
    return visit.page("accounts/account.html", tried.refused.status if tried else 200, **shown)


async def _new(
    visit: Visit, kept: KeptAnswers, form: AccountForm, refused: RefusedByServiceError | None = None
) -> Response:
    units = await queries.units(visit.calls, kept, visit.district)
    shown = {
        "form": form,
        "units": units,
        "offered": offered(_roles(visit)),
        "faults": faults_of(refused) if refused else {},
        "is_sure": await stepped_up_lately(visit),
    }
    return visit.page("accounts/new.html", refused.status if refused else 200, **shown)


def _roles(visit: Visit) -> frozenset[str]:
    return visit.session.roles if visit.session else frozenset()
