"""One's second factor over HTTP, and step-up."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from services.registry.accounts import second_factor
from services.registry.accounts.attempts import CountedAttempts
from services.registry.accounts.dependencies import PasswordThreads, TokenIssuer, home_of
from services.registry.accounts.domain import event_district
from services.registry.accounts.second_factor import RecoveryCodes, Secret
from services.registry.accounts.tokens import Tokens
from services.registry.people.dependencies import Keys
from shared.contracts.actor import Role
from shared.contracts.tokens import Limit
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore

router = APIRouter(tags=["accounts"])

_Text = Annotated[str, Field(max_length=500)]
AtHand = Annotated[Caller, Depends(caller_with(own=Role, admits=[Limit.SECOND_FACTOR], stepped_up=True))]


class CodeForm(BaseModel):
    """A code that the authenticator app shows."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "492039"}]})

    code: _Text


class StepUpForm(BaseModel):
    """The second factor's code (or a recovery code); the password, where the account has no second factor."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "492039"}, {"password": "long enough to keep"}]})

    code: _Text = ""
    password: _Text = ""


@router.post("/v1/me/second-factor", responses={409: {}})
async def set_up_second_factor(store: ApiStore, keys: Keys, caller: AtHand) -> Secret:
    """Get a secret for an authenticator app; it counts once a code has confirmed it."""
    home = home_of(caller)
    async with store.transaction(home) as tx:
        return await second_factor.set_up(tx, keys, home, caller.account_id)


@router.post("/v1/me/second-factor/confirm", responses={409: {}, 429: {}})
async def confirm_second_factor(
    form: CodeForm, store: ApiStore, keys: Keys, attempts: CountedAttempts, caller: AtHand
) -> RecoveryCodes:
    """Confirm the app's first code. From now on logging in takes one; all other sessions end. Refresh the tokens."""
    home = home_of(caller)
    attempts.step_up(caller.name)
    async with store.transaction(home, event_district(home)) as tx:
        codes = await second_factor.confirm(tx, keys, caller, home, caller.account_id, caller.session_id, form.code)
    attempts.stepped_up(caller.name)
    return codes


@router.delete("/v1/me/second-factor", status_code=204)
async def remove_second_factor(
    store: ApiStore, caller: Annotated[Caller, Depends(caller_with(own=Role, stepped_up=True))]
) -> None:
    """Do without a second factor, or before setting up another; roles that need one are asked for it again."""
    home = home_of(caller)
    async with store.transaction(home, event_district(home)) as tx:
        await second_factor.remove(tx, caller, home, caller.account_id, caller.session_id)


@router.post("/v1/me/step-up", responses={429: {}})
async def step_up(
    form: StepUpForm,
    store: ApiStore,
    passwords: PasswordThreads,
    issuer: TokenIssuer,
    attempts: CountedAttempts,
    caller: Annotated[Caller, Depends(caller_with(own=Role, admits=[Limit.STEP_UP]))],
) -> Tokens:
    """Show once more who one is: the new tokens are good for ten minutes for what needs that."""
    attempts.step_up(caller.name)
    tokens = await second_factor.step_up(
        store,
        passwords,
        issuer,
        home_of(caller),
        caller.account_id,
        caller.session_id,
        code=form.code,
        password=form.password,
    )
    attempts.stepped_up(caller.name)
    return tokens
