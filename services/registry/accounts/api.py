"""Logging in, sessions, one's own account and the key set over HTTP."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from services.registry.accounts import commands, log_in, queries
from services.registry.accounts.attempts import Address, CountedAttempts
from services.registry.accounts.dependencies import PasswordThreads, RequestDevice, TokenIssuer, home_of
from services.registry.accounts.log_in import ShownByPhone
from services.registry.accounts.queries import SessionView, SigningKeyView
from services.registry.accounts.signing_keys import SigningKeyCreated, rotate_signing_key
from services.registry.accounts.tokens import Tokens
from services.registry.people.dependencies import KeyedIdempotencyKey, Keys
from services.registry.people.domain.volunteer import contact_point
from services.registry.people.queries import VolunteerView, find_volunteer
from shared.contracts.actor import Role
from shared.contracts.faults import RefusedError
from shared.contracts.operations import NO_DISTRICT
from shared.contracts.tokens import Limit
from shared.http.auth import Caller, anyone, caller_with
from shared.http.dependencies import ApiStore
from shared.http.idempotency import idempotent
from shared.ops import metrics

router = APIRouter()

_Text = Annotated[str, Field(max_length=500)]


class LogIn(BaseModel):
    """A user name, or a volunteer number, and its password; ``code`` where the account has a second factor."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"user_name": "51011500027301", "password": "long enough to keep"}]}
    )

    user_name: _Text
    password: _Text
    code: _Text = ""


class LogInByPhone(BaseModel):
    """A phone number and the code that it got (``POST /v1/codes``, purpose ``log_in``).

    ``user_name`` where several people have the phone; ``code`` where the account has a second factor.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"phone": "17023828271", "phone_code": "204817"}]})

    phone: _Text
    phone_code: _Text
    user_name: _Text = ""
    code: _Text = ""


class RefreshToken(BaseModel):
    """The refresh token that came with the last tokens."""

    refresh_token: _Text


class MyAccount(BaseModel):
    """The account that asks. ``district`` is the one it acts in; ``units`` are ids."""

    account_id: UUID
    user_name: str
    second_factor: bool
    """Whether logging in, and stepping up, takes a code."""
    district: str
    roles: list[str]
    units: list[str]
    volunteer: VolunteerView | None


class PasswordChange(BaseModel):
    """The present password and the new one (at least 10 characters)."""

    old_password: _Text
    new_password: _Text


@router.post("/v1/tokens", tags=["accounts"], dependencies=[Depends(anyone)], responses={401: {}, 403: {}, 429: {}})
async def get_tokens(
    form: LogIn,
    store: ApiStore,
    issuer: TokenIssuer,
    passwords: PasswordThreads,
    attempts: CountedAttempts,
    address: Address,
    device: RequestDevice,
) -> Tokens:
    """Log in. An unknown name and a wrong password are answered alike, and not too often."""
    attempts.log_in(form.user_name, address)
    try:
        tokens = await log_in.log_in(store, passwords, issuer, form.user_name, form.password, form.code, device)
    except RefusedError:
        metrics.LOG_IN_REFUSED.labels("credentials").inc()
        raise
    attempts.logged_in(form.user_name, address)
    return tokens


@router.post(
    "/v1/tokens/by-phone", tags=["accounts"], dependencies=[Depends(anyone)], responses={401: {}, 409: {}, 429: {}}
)
async def get_tokens_by_phone(
    form: LogInByPhone,
    store: ApiStore,
    issuer: TokenIssuer,
    attempts: CountedAttempts,
    address: Address,
    device: RequestDevice,
) -> Tokens:
    """Log in by a code that went to one's phone. An unknown number and a wrong code are answered alike."""
    phone = contact_point("phone", form.phone, "phone")
    attempts.log_in(phone, address)
    try:
        shown = ShownByPhone(phone, form.phone_code, form.user_name.strip(), form.code)
        tokens = await log_in.log_in_by_phone(store, issuer, shown, device)
    except RefusedError:
        metrics.LOG_IN_REFUSED.labels("credentials").inc()
        raise
    attempts.logged_in(phone, address)
    return tokens


@router.post("/v1/tokens/refresh", tags=["accounts"], dependencies=[Depends(anyone)], responses={401: {}})
async def refresh_tokens(form: RefreshToken, store: ApiStore, issuer: TokenIssuer) -> Tokens:
    """Get the next tokens. A refresh token is good once; used again, but for a moment, it ends its session."""
    return await log_in.refresh(store, issuer, form.refresh_token)


@router.post("/v1/tokens/end", tags=["accounts"], status_code=204, dependencies=[Depends(anyone)], responses={401: {}})
async def log_out(form: RefreshToken, store: ApiStore) -> None:
    """Log out: the session ends with all of its tokens."""
    await log_in.log_out(store, form.refresh_token)


@router.get("/v1/me", tags=["accounts"])
async def show_me(
    store: ApiStore,
    keys: Keys,
    caller: Annotated[Caller, Depends(caller_with(own=Role, admits=[Limit.PASSWORD, Limit.SECOND_FACTOR]))],
) -> MyAccount:
    """Show the account that asks."""
    home = home_of(caller)
    async with store.transaction(home) as tx:
        user_name, second_factor = await queries.own_account(tx, home, caller.account_id)
    volunteer = None
    if caller.volunteer_id:
        async with store.transaction(caller.district) as tx:
            volunteer = await find_volunteer(tx, keys, caller, caller.volunteer_id)
    return MyAccount(
        account_id=caller.account_id,
        user_name=user_name,
        second_factor=second_factor,
        district=caller.district,
        roles=sorted(caller.roles),
        units=sorted(map(str, caller.scope.units)),
        volunteer=volunteer,
    )


@router.get("/v1/me/sessions", tags=["accounts"])
async def show_sessions(
    store: ApiStore, caller: Annotated[Caller, Depends(caller_with(own=Role))]
) -> list[SessionView]:
    """Show where one is logged in."""
    async with store.transaction(home_of(caller)) as tx:
        return await queries.open_sessions(tx, home_of(caller), caller.account_id, caller.session_id)


@router.delete("/v1/me/sessions/{session_id}", tags=["accounts"], status_code=204)
async def end_session(
    session_id: UUID, store: ApiStore, caller: Annotated[Caller, Depends(caller_with(own=Role))]
) -> None:
    """Log out somewhere, with all tokens of that log-in."""
    async with store.transaction(home_of(caller)) as tx:
        await log_in.end_session(tx, home_of(caller), caller.account_id, session_id)


@router.delete("/v1/me/sessions", tags=["accounts"], status_code=204)
async def end_other_sessions(store: ApiStore, caller: Annotated[Caller, Depends(caller_with(own=Role))]) -> None:
    """Log out everywhere else."""
    async with store.transaction(home_of(caller)) as tx:
        await log_in.end_other_sessions(tx, home_of(caller), caller.account_id, caller.session_id)


@router.post("/v1/me/password", tags=["accounts"], status_code=204, responses={429: {}})
async def change_password(
    form: PasswordChange,
    store: ApiStore,
    passwords: PasswordThreads,
    attempts: CountedAttempts,
    caller: Annotated[Caller, Depends(caller_with(own=Role, admits=[Limit.PASSWORD]))],
) -> None:
    """Change one's own password. All other sessions end; so does the token that asks: get the next one."""
    attempts.change_password(caller.name)
    await commands.change_password(
        store,
        passwords,
        caller,
        home_of(caller),
        caller.account_id,
        caller.session_id,
        form.old_password,
        form.new_password,
    )
    attempts.password_changed(caller.name)


@router.post("/v1/signing-keys", tags=["accounts"], status_code=201, response_model=SigningKeyCreated)
async def rotate(
    store: ApiStore,
    keys: Keys,
    caller: Annotated[Caller, Depends(caller_with(Role.OPERATOR, stepped_up=True))],
    key: KeyedIdempotencyKey,
) -> Response:
    """Sign tokens with a new key from now on; tokens of the old one stay good until they expire."""
    async with store.transaction(caller.district, NO_DISTRICT) as tx:
        return await idempotent(tx, caller, key, 201, partial(rotate_signing_key, tx, caller, keys))


@router.get("/v1/signing-keys", tags=["accounts"], dependencies=[Depends(caller_with(Role.OPERATOR))])
async def list_signing_keys(store: ApiStore) -> list[SigningKeyView]:
    """List the keys that tokens are signed with: since when, and until when those of a replaced one are good."""
    async with store.transaction() as tx:
        return await queries.signing_keys(tx)


@router.get("/.well-known/jwks.json", tags=["accounts"], dependencies=[Depends(anyone)])
async def show_key_set(store: ApiStore) -> dict[str, Any]:
    """Publish the keys that tokens verify against (RFC 7517)."""
    return await queries.key_set_of(store)()
