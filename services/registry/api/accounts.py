"""Accounts, log-in and the key set over HTTP."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from services.registry import queries
from services.registry.api.attempts import Address, CountedAttempts
from services.registry.api.dependencies import PUBLIC, KeyedIdempotencyKey, Keys, PasswordThreads
from services.registry.api.volunteers import VolunteerView
from services.registry.commands import accounts
from services.registry.commands.accounts import AccountCreated, NewAccount
from services.registry.commands.signing_keys import SigningKeyCreated, rotate_signing_key
from shared.contracts.actor import EVERY_DISTRICT, Role
from shared.contracts.faults import RefusedError
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.ops import metrics

router = APIRouter(tags=["accounts"])

_Text = Annotated[str, Field(max_length=500)]


class LogIn(BaseModel):
    """A user name, or a volunteer number, and its password."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"user_name": "51011500027301", "password": "long enough to keep"}]}
    )

    user_name: _Text
    password: _Text


class TokenView(BaseModel):
    """A bearer token (EdDSA JWT) and the seconds it lasts."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the scheme's name (RFC 6750)
    expires_in: int


class AccountForm(BaseModel):
    """An account to open. ``units`` are codes of the stations managed or teams led.

    ``volunteer_number`` makes it that volunteer's account, with the role ``volunteer``; they log in by the number too.
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


class MyAccount(BaseModel):
    """The account that asks. ``district`` is the one it acts in; ``units`` are ids."""

    account_id: UUID
    user_name: str
    district: str
    roles: list[str]
    units: list[str]
    volunteer: VolunteerView | None


class PasswordChange(BaseModel):
    """The present password and the new one (at least 10 characters)."""

    old_password: _Text
    new_password: _Text


@router.post("/v1/tokens", dependencies=[PUBLIC], responses={401: {}, 429: {}})
async def log_in(
    form: LogIn, store: ApiStore, keys: Keys, passwords: PasswordThreads, attempts: CountedAttempts, address: Address
) -> TokenView:
    """Log in. An unknown name and a wrong password are answered alike, and not too often."""
    attempts.log_in(form.user_name, address)
    try:
        token = await accounts.log_in(store, passwords, keys, form.user_name, form.password)
    except RefusedError:
        metrics.LOG_IN_REFUSED.labels("credentials").inc()
        raise
    attempts.logged_in(form.user_name, address)
    return TokenView(access_token=token.access_token, expires_in=token.expires_in)


@router.post("/v1/accounts", status_code=201, response_model=AccountCreated)
async def open_account(
    form: AccountForm,
    store: ApiStore,
    passwords: PasswordThreads,
    caller: Annotated[Caller, Depends(caller_with(Role.OPERATOR, Role.DISTRICT_ADMIN))],
    key: KeyedIdempotencyKey,
) -> Response:
    """Open an account in the district: staff, or a volunteer by number, with a first password."""
    new = NewAccount(form.user_name, form.password, form.roles, form.units, form.volunteer_number)
    return (await accounts.open_account(store, passwords, caller, key, new)).response()


@router.get("/v1/me")
async def show_me(store: ApiStore, keys: Keys, caller: Annotated[Caller, Depends(caller_with(own=Role))]) -> MyAccount:
    """Show the account that asks."""
    home = EVERY_DISTRICT if caller.has(Role.OPERATOR) else caller.district
    volunteer = None
    if caller.volunteer_id:
        volunteer = VolunteerView.model_validate(await queries.volunteer(store, keys, caller, caller.volunteer_id))
    return MyAccount(
        account_id=caller.account_id,
        user_name=await queries.user_name(store, home, caller.account_id),
        district=caller.district,
        roles=sorted(caller.roles),
        units=sorted(map(str, caller.scope.units)),
        volunteer=volunteer,
    )


@router.post("/v1/me/password", status_code=204, responses={429: {}})
async def change_password(
    form: PasswordChange,
    store: ApiStore,
    passwords: PasswordThreads,
    attempts: CountedAttempts,
    caller: Annotated[Caller, Depends(caller_with(own=Role))],
) -> None:
    """Change one's own password."""
    attempts.change_password(caller.name)
    await accounts.change_password(store, passwords, caller, form.old_password, form.new_password)
    attempts.password_changed(caller.name)


@router.post("/v1/signing-keys", status_code=201, response_model=SigningKeyCreated)
async def rotate(
    store: ApiStore,
    keys: Keys,
    caller: Annotated[Caller, Depends(caller_with(Role.OPERATOR))],
    key: KeyedIdempotencyKey,
) -> Response:
    """Sign tokens with a new key from now on; tokens of the old one stay good until they expire."""
    return (await rotate_signing_key(store, keys, caller, key)).response()


@router.get("/.well-known/jwks.json", dependencies=[PUBLIC])
async def show_key_set(store: ApiStore) -> dict[str, Any]:
    """Publish the keys that tokens verify against (RFC 7517)."""
    return await queries.key_set_of(store)()
