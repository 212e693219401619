"""Opening a district over HTTP: the district itself, its administrator, its reference data.

Invariant: every step can be repeated and then changes nothing, whoever did it the first time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from deploy.demo.fault import DemoError
from deploy.demo.folder import REFERENCE
from shared.http.client import ImportProgress, LinbangClient, RequestRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deploy.demo.folder import Places

OPERATOR = "operator"
_KEY_REUSED = "/problems/idempotency-key-reused"


@dataclass(frozen=True)
class Platform:
    """A running platform: the address of each service, and the operator's first password."""

    base_urls: Mapping[str, str]
    operator_password: str

    def password(self, user_name: str) -> str:
        """Give the password of a sample account: the same one every time, and not to be guessed."""
        digest = hmac.digest(self.operator_password.encode(), f"sample account {user_name}".encode(), hashlib.sha256)
        return base64.b32encode(digest).decode().lower()[:16]


@dataclass(frozen=True)
class Session:
    """Somebody who is logged in: a client for each service."""

    registry: LinbangClient
    activities: LinbangClient
    assessment: LinbangClient
    notifications: LinbangClient


@contextmanager
def logged_in(platform: Platform, user_name: str, password: str, *, district: str | None = None) -> Iterator[Session]:
    """Log in for the time of the block; the operator names the ``district`` to act in.

    Raises DemoError where the password is another one.
    """
    with ExitStack() as stack:
        clients = {
            service: stack.enter_context(LinbangClient(url, district=district))
            for service, url in platform.base_urls.items()
            if service in Session.__dataclass_fields__
        }
        session = Session(**clients)
        token = _token(session.registry, user_name, password)
        for client in (session.activities, session.assessment, session.notifications):
            client.use_token(token)
        yield session


def _token(registry: LinbangClient, user_name: str, password: str) -> str:
    try:
        return registry.log_in(user_name, password)
    except RequestRefusedError as refused:
        if refused.status != HTTPStatus.UNAUTHORIZED:
            raise
        raise DemoError(
            f"The log-in of {user_name} was refused. Set REGISTRY_OPERATOR_PASSWORD to the one that the running system "
            "was set up with: the sample accounts' passwords come from it. (Local mode keeps it in .local/secrets.env.)"
        ) from refused


def open_district(platform: Platform, code: str, name: str) -> str:
    """Open the district and its administrator's account where they are not there yet; return the user name."""
    user_name = f"admin.{code}"
    with logged_in(platform, OPERATOR, platform.operator_password, district=code) as operator:
        _create(operator.registry, "/v1/districts", f"district-{code}", {"code": code, "name": name})
        open_account(platform, operator, user_name, user_name=user_name, roles=["district_admin"])
    return user_name


def open_account(platform: Platform, opener: Session, name: str, **account: object) -> str:
    """Open a sample account, which logs in by ``name``, where it is not open yet; return its password."""
    password = platform.password(name)
    _create(opener.registry, "/v1/accounts", f"account-{name}", {"password": password, **account})
    return password


def _create(client: LinbangClient, path: str, key: str, form: Mapping[str, object]) -> None:
    """Create something under a key of its own; that it exists already, however it came about, is as good."""
    try:
        client.send("POST", path, json=form, headers={"Idempotency-Key": f"sample-{key}"})
    except RequestRefusedError as refused:
        if refused.status != HTTPStatus.CONFLICT and refused.problem.get("type") != _KEY_REUSED:
            raise


def import_reference(admin: Session, places: Places) -> dict[str, ImportProgress]:
    """Import the reference data, one file after the other; return how each ended."""
    return {kind: checked(admin.registry.upload_import(kind, places.files[kind]), places, kind) for kind in REFERENCE}


def checked(end: ImportProgress, places: Places, kind: str) -> ImportProgress:
    """Return how an import ended. Raises DemoError where the file as a whole was refused."""
    if end.state == "failed":
        raise DemoError(f"{places.files[kind]} could not be imported: {', '.join(end.faults)}")
    return end
