"""Logging in by an outside issuer (OpenID Connect) over HTTP, and linking one's identity there."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from services.registry.accounts import commands, log_in
from services.registry.accounts.attempts import Address, CountedAttempts
from services.registry.accounts.dependencies import RequestDevice, TokenIssuer, home_of
from services.registry.accounts.domain import event_district
from services.registry.accounts.outside_identities import LinkedIdentity, of_account
from services.registry.accounts.outside_issuer import OutsideIssuer, OutsideLogIn
from services.registry.accounts.tokens import Tokens
from shared.contracts.actor import Role
from shared.contracts.faults import Code, Fault, RefusedError
from shared.http.auth import Caller, anyone, caller_with
from shared.http.dependencies import ApiStore
from shared.http.problems import language_of

router = APIRouter(tags=["accounts"])

_AtHand = Annotated[Caller, Depends(caller_with(own=Role, stepped_up=True))]
"""It comes before the issuer among a route's parameters: who is let in is settled before what there is."""


class IssuerView(BaseModel):
    """An issuer that one may log in by: its name in addresses, and what people call it."""

    name: str
    title: str


class OutsideIssuers(BaseModel):
    """The issuers that one may log in by."""

    issuers: list[IssuerView]


class LinkedIdentities(BaseModel):
    """The issuers whose identities log in to one's account."""

    items: list[LinkedIdentity]


class OutsideAnswer(BaseModel):
    """What the browser brought back from the issuer."""

    code: Annotated[str, Field(max_length=4000)]
    state: Annotated[str, Field(max_length=1000)]


def _issuers(request: Request) -> dict[str, OutsideIssuer]:
    issuers: dict[str, OutsideIssuer] = request.app.state.outside_issuers
    return issuers


def _issuer(request: Request, issuer: str) -> OutsideIssuer:
    found = _issuers(request).get(issuer)
    if found is None:
        raise RefusedError(Fault("issuer", Code.NOT_FOUND))
    return found


Issuer = Annotated[OutsideIssuer, Depends(_issuer)]


@router.get("/v1/oidc", dependencies=[Depends(anyone)])
async def list_issuers(
    request: Request, issuers: Annotated[dict[str, OutsideIssuer], Depends(_issuers)]
) -> OutsideIssuers:
    """List the issuers that one may log in by, in Chinese or English."""
    language = language_of(request)
    return OutsideIssuers(
        issuers=[IssuerView(name=name, title=issuer.title(language)) for name, issuer in sorted(issuers.items())]
    )


@router.get("/v1/oidc/{issuer}/start", dependencies=[Depends(anyone)], responses={429: {}})
async def start(issuer: Issuer, attempts: CountedAttempts, address: Address) -> OutsideLogIn:
    """Begin: send the browser to ``url``, and keep ``state`` with its session to compare with what comes back."""
    attempts.from_outside(address)
    return await issuer.start()


@router.post("/v1/oidc/{issuer}/finish", dependencies=[Depends(anyone)], responses={401: {}, 403: {}, 409: {}, 429: {}})
async def finish(
    form: OutsideAnswer,
    issuer: Issuer,
    store: ApiStore,
    tokens: TokenIssuer,
    attempts: CountedAttempts,
    address: Address,
    device: RequestDevice,
) -> Tokens:
    """Log in, where the identity is linked to an account; one with a second factor has to step up first."""
    attempts.from_outside(address)
    subject = await issuer.identify(form.code, form.state)
    return await log_in.log_in_from_outside(store, tokens, issuer.name, subject, device)


@router.get("/v1/me/identities")
async def list_identities(
    store: ApiStore, caller: Annotated[Caller, Depends(caller_with(own=Role))]
) -> LinkedIdentities:
    """List the issuers whose identities log in to one's account."""
    async with store.transaction(home_of(caller)) as tx:
        return LinkedIdentities(items=await of_account(tx, caller.account_id))


@router.post("/v1/me/identities/{issuer}", status_code=204, responses={401: {}, 409: {}})
async def link(caller: _AtHand, form: OutsideAnswer, issuer: Issuer, store: ApiStore) -> None:
    """Let the identity that the issuer vouches for log in to one's account from now on."""
    subject = await issuer.identify(form.code, form.state)
    home = home_of(caller)
    async with store.transaction(home, event_district(home)) as tx:
        await commands.link_identity(tx, caller, home, caller.account_id, issuer.name, subject)


@router.delete("/v1/me/identities/{issuer}", status_code=204)
async def unlink(caller: _AtHand, issuer: Issuer, store: ApiStore) -> None:
    """Let it log in no more."""
    home = home_of(caller)
    async with store.transaction(home, event_district(home)) as tx:
        await commands.unlink_identity(tx, caller, home, caller.account_id, issuer.name)
