"""What the part's routes get handed: the threads that hash passwords."""

from typing import Annotated

from fastapi import Depends, Request

from services.registry.accounts.passwords import Passwords


def _passwords(request: Request) -> Passwords:
    passwords: Passwords = request.app.state.passwords
    return passwords


PasswordThreads = Annotated[Passwords, Depends(_passwords)]
