"""The accounts of a district over HTTP, for its office."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.registry.accounts import administration, queries
from services.registry.accounts.administration import AccountCreated, NewAccount, TemporaryPassword
from services.registry.accounts.dependencies import PasswordThreads
from services.registry.accounts.domain import check_password
from services.registry.accounts.queries import AccountChange, AccountView
from services.registry.people.dependencies import KeyedIdempotencyKey
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.idempotency import idempotent
from shared.http.pages import Page, RequestedPage

router = APIRouter(tags=["accounts"])

_Text = Annotated[str, Field(max_length=500)]
_Reason = Annotated[str, Field(min_length=1, max_length=500)]
Office = Annotated[Caller, Depends(caller_with(Role.OPERATOR, Role.DISTRICT_ADMIN))]
OfficeAtHand = Annotated[Caller, Depends(caller_with(Role.OPERATOR, Role.DISTRICT_ADMIN, stepped_up=True))]
"""For what gives rights, or a way in."""


class AccountForm(BaseModel):
    """An account to open. ``units`` are codes of the stations managed or teams led.

    ``volunteer_number`` makes it that volunteer's account, with the role ``volunteer``; they log in by the number too,
    unless it was given before the system and has no district's code in it.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "user_name": "li.station01",
                    "password": "long enough to keep",
                    "roles": ["station_manager"],
                    "units": ["510115-STA-01"],
                },
                {"volunteer_number": "51011500000001", "password": "long enough to keep"},
            ]
        }
    )

    user_name: _Text | None = None
    password: _Text
    roles: Annotated[list[Role], Field(max_length=10)] = []
    units: Annotated[list[_Text], Field(max_length=200)] = []
    volunteer_number: _Text | None = None


class Reason(BaseModel):
    """Why it is done; it is kept in the access log."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "left the station on 30 November"}]})

    reason: _Reason


class RolesForm(Reason):
    """All roles that an account has from now on, codes of its stations and teams, and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"roles": ["station_manager"], "units": ["510115-STA-02"], "reason": "moved to station 02"}]
        }
    )

    roles: Annotated[list[Role], Field(max_length=10)]
    units: Annotated[list[_Text], Field(max_length=200)] = []


@router.post("/v1/accounts", status_code=201, response_model=AccountCreated)
async def open_account(
    form: AccountForm, store: ApiStore, passwords: PasswordThreads, caller: OfficeAtHand, key: KeyedIdempotencyKey
) -> Response:
    """Open an account in the district: staff, or a volunteer by number, with a first password."""
    check_password(form.password)
    new = NewAccount(form.user_name, form.roles, form.units, form.volunteer_number)
    password_hash = await passwords.hash(form.password)
    async with store.transaction(caller.district) as tx:
        command = partial(administration.open_account, tx, caller, new, password_hash)
        return await idempotent(tx, caller, key, 201, command)


@router.get("/v1/accounts")
async def list_accounts(
    store: ApiStore,
    page: RequestedPage,
    caller: Annotated[Caller, Depends(caller_with(Role.OPERATOR, Role.DISTRICT_ADMIN, Role.AUDITOR))],
    query: Annotated[str, Query(max_length=100)] = "",
    role: Role | None = None,
) -> Page[AccountView]:
    """List the district's accounts by name; ``query`` is how a name or a volunteer number begins."""
    position = page.position(str)
    after = position[0] if position else ""
    async with store.transaction(caller.district) as tx:
        found = await queries.find_accounts(tx, caller.district, after, page.limit + 1, query=query, role=role)
    return Page.of(found, page.limit, lambda account: (account.user_name,))


@router.get("/v1/accounts/{account_id}")
async def show_account(
    account_id: UUID,
    store: ApiStore,
    caller: Annotated[Caller, Depends(caller_with(Role.OPERATOR, Role.DISTRICT_ADMIN, Role.AUDITOR))],
) -> AccountView:
    """Show an account."""
    async with store.transaction(caller.district) as tx:
        return await queries.find_account(tx, caller.district, account_id)


@router.post("/v1/accounts/{account_id}/lock", status_code=204)
async def lock_account(account_id: UUID, form: Reason, store: ApiStore, caller: Office) -> None:
    """Lock an account: nobody can log in to it, and whoever has is logged out within seconds."""
    async with store.transaction(caller.district) as tx:
        await administration.lock_account(tx, caller, account_id, form.reason)


@router.post("/v1/accounts/{account_id}/unlock", status_code=204)
async def unlock_account(account_id: UUID, form: Reason, store: ApiStore, caller: Office) -> None:
    """Let an account be logged in to again."""
    async with store.transaction(caller.district) as tx:
        await administration.unlock_account(tx, caller, account_id, form.reason)


@router.post("/v1/accounts/{account_id}/log-out", status_code=204)
async def end_sessions(account_id: UUID, form: Reason, store: ApiStore, caller: Office) -> None:
    """Log an account out wherever it is logged in; its owner may log in again."""
    async with store.transaction(caller.district) as tx:
        await administration.end_sessions(tx, caller, account_id, form.reason)


@router.get("/v1/accounts/{account_id}/history")
async def show_history(
    account_id: UUID,
    store: ApiStore,
    page: RequestedPage,
    caller: Annotated[Caller, Depends(caller_with(Role.OPERATOR, Role.DISTRICT_ADMIN, Role.AUDITOR))],
) -> Page[AccountChange]:
    """Show what was done to an account, by whom and why, the newest first."""
    position = page.position(UUID)
    async with store.transaction(caller.district) as tx:
        found = await queries.find_changes(
            tx, caller.district, account_id, position[0] if position else None, page.limit + 1
        )
    return Page.of(found, page.limit, lambda change: (str(change.id),))


@router.put("/v1/accounts/{account_id}/roles", status_code=204)
async def change_roles(account_id: UUID, form: RolesForm, store: ApiStore, caller: OfficeAtHand) -> None:
    """Replace an account's roles and units; whoever is logged in to it has to log in again."""
    async with store.transaction(caller.district) as tx:
        await administration.change_roles(tx, caller, account_id, form.roles, form.units, form.reason)


@router.post("/v1/accounts/{account_id}/password-reset")
async def reset_password(
    account_id: UUID, form: Reason, store: ApiStore, passwords: PasswordThreads, caller: OfficeAtHand
) -> TemporaryPassword:
    """Give an account a temporary password, shown this once; its owner must change it at the next log-in."""
    password = administration.new_temporary_password()
    password_hash = await passwords.hash(password)
    async with store.transaction(caller.district) as tx:
        return await administration.reset_password(tx, caller, account_id, password, password_hash, form.reason)


@router.post("/v1/accounts/{account_id}/second-factor-reset", status_code=204)
async def reset_second_factor(account_id: UUID, form: Reason, store: ApiStore, caller: OfficeAtHand) -> None:
    """Take the second factor from an account whose owner has lost it; whoever is logged in to it is logged out."""
    async with store.transaction(caller.district) as tx:
        await administration.reset_second_factor(tx, caller, account_id, form.reason)
