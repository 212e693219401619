"""What the part's routes get handed: the threads that hash passwords, who issues tokens, and where an account is."""

from typing import Annotated

from fastapi import Depends, Header, Request

from services.registry.accounts.attempts import Address
from services.registry.accounts.domain import Device
from services.registry.accounts.passwords import Passwords
from services.registry.accounts.tokens import Issuer
from shared.contracts.actor import EVERY_DISTRICT, Role
from shared.http.auth import Caller


def _passwords(request: Request) -> Passwords:
    passwords: Passwords = request.app.state.passwords
    return passwords


def _issuer(request: Request) -> Issuer:
    issuer: Issuer = request.app.state.issuer
    return issuer


async def _device(address: Address, user_agent: Annotated[str, Header(include_in_schema=False)] = "") -> Device:
    return Device.of(user_agent, address)


def home_of(caller: Caller) -> str:
    """Return where an account is on file: the operator's is of no district."""
    return EVERY_DISTRICT if caller.has(Role.OPERATOR) else caller.district


PasswordThreads = Annotated[Passwords, Depends(_passwords)]
TokenIssuer = Annotated[Issuer, Depends(_issuer)]
RequestDevice = Annotated[Device, Depends(_device)]
