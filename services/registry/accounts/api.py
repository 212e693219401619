"""Accounts, log-in and the key set over HTTP."""

from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.registry.accounts import commands, queries
from services.registry.accounts.attempts import Address, CountedAttempts
from services.registry.accounts.commands import AccountCreated, NewAccount
from services.registry.accounts.domain import check_password
from services.registry.accounts.passwords import Passwords
from services.registry.accounts.self_registration import register_self
from services.registry.accounts.signing_keys import SigningKeyCreated, rotate_signing_key
from services.registry.people.dependencies import KeyedIdempotencyKey, Keys
from services.registry.people.enrolment import VolunteerCreated
from services.registry.people.forms import OWN_EXAMPLE, PersonForm
from services.registry.people.queries import VolunteerView, find_volunteer
from services.registry.places.domain import wording
from shared.contracts.actor import EVERY_DISTRICT, Role, Scope
from shared.contracts.faults import RefusedError
from shared.http.auth import Caller, anyone, caller_with
from shared.http.dependencies import ApiStore
from shared.http.idempotency import idempotent
from shared.ops import metrics
from shared.store.event_log import new_id

router = APIRouter()

_Text = Annotated[str, Field(max_length=500)]


def _passwords(request: Request) -> Passwords:
    passwords: Passwords = request.app.state.passwords
    return passwords


PasswordThreads = Annotated[Passwords, Depends(_passwords)]


class LogIn(BaseModel):
    """A user name, or a volunteer number, and its password."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"user_name": "51011500027301", "password": "long enough to keep"}]}
    )

    user_name: _Text
    password: _Text


class SelfRegistration(PersonForm):
    """A person registers in a district and chooses the password of their account.

    They are registered today and in no team: a team is joined later, and takes whom it knows.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [OWN_EXAMPLE | {"district": "510115", "password": "long enough to keep"}]}
    )

    district: Annotated[str, Field(pattern="^[0-9]{6}$")]
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


@router.post("/v1/tokens", tags=["accounts"], dependencies=[Depends(anyone)], responses={401: {}, 429: {}})
async def log_in(
    form: LogIn, store: ApiStore, keys: Keys, passwords: PasswordThreads, attempts: CountedAttempts, address: Address
) -> TokenView:
    """Log in. An unknown name and a wrong password are answered alike, and not too often."""
    attempts.log_in(form.user_name, address)
    try:
        token = await commands.log_in(store, passwords, keys, form.user_name, form.password)
    except RefusedError:
        metrics.LOG_IN_REFUSED.labels("credentials").inc()
        raise
    attempts.logged_in(form.user_name, address)
    return TokenView(access_token=token.access_token, expires_in=token.expires_in)


@router.post("/v1/accounts", tags=["accounts"], status_code=201, response_model=AccountCreated)
async def open_account(
    form: AccountForm,
    store: ApiStore,
    passwords: PasswordThreads,
    caller: Annotated[Caller, Depends(caller_with(Role.OPERATOR, Role.DISTRICT_ADMIN))],
    key: KeyedIdempotencyKey,
) -> Response:
    """Open an account in the district: staff, or a volunteer by number, with a first password."""
    check_password(form.password)
    new = NewAccount(form.user_name, form.roles, form.units, form.volunteer_number)
    password_hash = await passwords.hash(form.password)
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 201, partial(commands.open_account, tx, caller, new, password_hash))


@router.post(
    "/v1/volunteers/self",
    tags=["volunteers"],
    status_code=201,
    response_model=VolunteerCreated,
    dependencies=[Depends(anyone)],
    responses={404: {}, 429: {}},
)
async def register_oneself(
    form: SelfRegistration,
    store: ApiStore,
    keys: Keys,
    passwords: PasswordThreads,
    key: KeyedIdempotencyKey,
    attempts: CountedAttempts,
    address: Address,
) -> Response:
    """Register yourself; log in with the number in the answer and the password."""
    attempts.register(address)
    check_password(form.password)
    password_hash = await passwords.hash(form.password)
    district, account_id = form.district, new_id()
    try:
        async with store.transaction(district) as tx:
            command = partial(
                register_self, tx, keys, district, account_id, form.values(), password_hash, form.language
            )
            return await idempotent(
                tx, _stranger(district, keys.stranger(wording.phone(form.phone))), key, 201, command
            )
    except RefusedError as refused:
        attempts.not_registered(address, refused)
        raise


def _stranger(district: str, stranger_id: UUID) -> Caller:
    """Return whoever has no account yet: each phone number has idempotency keys of its own (case C30)."""
    return Caller(
        name=f"stranger:{stranger_id}",
        account_id=stranger_id,
        district=district,
        scope=Scope(frozenset([district])),
    )


@router.get("/v1/me", tags=["accounts"])
async def show_me(store: ApiStore, keys: Keys, caller: Annotated[Caller, Depends(caller_with(own=Role))]) -> MyAccount:
    """Show the account that asks."""
    home = _home(caller)
    async with store.transaction(home) as tx:
        user_name = await queries.user_name(tx, home, caller.account_id)
    volunteer = None
    if caller.volunteer_id:
        async with store.transaction(caller.district) as tx:
            volunteer = await find_volunteer(tx, keys, caller, caller.volunteer_id)
    return MyAccount(
        account_id=caller.account_id,
        user_name=user_name,
        district=caller.district,
        roles=sorted(caller.roles),
        units=sorted(map(str, caller.scope.units)),
        volunteer=volunteer,
    )


def _home(caller: Caller) -> str:
    """Return where an account is on file: the operator's is of no district."""
    return EVERY_DISTRICT if caller.has(Role.OPERATOR) else caller.district


@router.post("/v1/me/password", tags=["accounts"], status_code=204, responses={429: {}})
async def change_password(
    form: PasswordChange,
    store: ApiStore,
    passwords: PasswordThreads,
    attempts: CountedAttempts,
    caller: Annotated[Caller, Depends(caller_with(own=Role))],
) -> None:
    """Change one's own password."""
    attempts.change_password(caller.name)
    await commands.change_password(
        store, passwords, _home(caller), caller.account_id, form.old_password, form.new_password
    )
    attempts.password_changed(caller.name)


@router.post("/v1/signing-keys", tags=["accounts"], status_code=201, response_model=SigningKeyCreated)
async def rotate(
    store: ApiStore,
    keys: Keys,
    caller: Annotated[Caller, Depends(caller_with(Role.OPERATOR))],
    key: KeyedIdempotencyKey,
) -> Response:
    """Sign tokens with a new key from now on; tokens of the old one stay good until they expire."""
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 201, partial(rotate_signing_key, tx, keys))


@router.get("/.well-known/jwks.json", tags=["accounts"], dependencies=[Depends(anyone)])
async def show_key_set(store: ApiStore) -> dict[str, Any]:
    """Publish the keys that tokens verify against (RFC 7517)."""
    return await queries.key_set_of(store)()
