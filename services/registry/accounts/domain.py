"""User names, passwords, who may deal with which account, and how long a log-in lasts.

Invariant: a user name starts with a letter and a volunteer number with a digit, so nobody can take a name that is
somebody else's number. Both are unique on the whole platform: one log-in page serves every district. Nobody grants a
role that ``MAY_GRANT`` does not let them grant, nor touches an account that has such a role.
"""

import hashlib
import ipaddress
import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from shared.contracts import text
from shared.contracts.actor import EVERY_DISTRICT, Actor, Role
from shared.contracts.faults import Code, Fault, RefusedError
from shared.contracts.operations import NO_DISTRICT

_DISTRICT_STAFF = frozenset(
    {Role.STATION_MANAGER, Role.TEAM_LEADER, Role.CASE_WORKER, Role.GUIDE, Role.AUDITOR, Role.VOLUNTEER}
)
MAY_GRANT: Mapping[Role, frozenset[Role]] = {
    Role.OPERATOR: _DISTRICT_STAFF | {Role.DISTRICT_ADMIN},
    Role.DISTRICT_ADMIN: _DISTRICT_STAFF,
}
_NEED_UNITS = frozenset({Role.STATION_MANAGER, Role.TEAM_LEADER, Role.GUIDE})
NEED_SECOND_FACTOR = frozenset({Role.DISTRICT_ADMIN, Role.AUDITOR, Role.OPERATOR})
"""GB/T 22239, level 3: who administers or looks at everything logs in by two factors; others may."""
MIN_PASSWORD, MAX_PASSWORD = 10, 200
_USER_NAME = re.compile(r"[a-z][a-z0-9._-]{2,49}")


def user_name(value: str) -> str:
    """Return a user name in lower case. Raises RefusedError where it is malformed."""
    name = value.strip().lower()
    if not _USER_NAME.fullmatch(name):
        raise RefusedError(Fault("user_name", Code.FORMAT))
    return name


def log_in_name(value: str) -> str:
    """Return what somebody typed at log-in as it is on file: a user name, or a volunteer number."""
    name = text.code(value.strip())
    return name.upper() if name[:1].isdigit() else name.lower()


def check_password(value: str) -> None:
    """Refuse a password that is too short (NIST SP 800-63B: length is what counts) or absurdly long."""
    if len(value) < MIN_PASSWORD or len(set(value)) == 1:
        raise RefusedError(Fault("password", Code.WEAK))
    if len(value) > MAX_PASSWORD:
        raise RefusedError(Fault("password", Code.TOO_LONG))


def check_roles(actor: Actor, roles: Collection[Role], units: Collection[str], *, is_volunteer: bool) -> list[Fault]:
    """Return what is wrong with roles and units that an actor wants an account to have."""
    faults = []
    if not may_deal_with(actor, roles):
        faults.append(Fault("roles", Code.FORBIDDEN))
    if not roles:
        faults.append(Fault("roles", Code.MISSING))
    if Role.VOLUNTEER in roles and not is_volunteer:
        faults.append(Fault("volunteer_number", Code.MISSING))
    if not _NEED_UNITS.isdisjoint(roles) and not units:
        faults.append(Fault("units", Code.MISSING))
    return faults


def may_deal_with(actor: Actor, roles: Collection[str]) -> bool:
    """Return whether an actor may grant all of these roles, and so deal with the accounts that have them."""
    grantable = {role for own in actor.roles for role in MAY_GRANT.get(Role(own), ())}
    return grantable.issuperset(roles)


def event_district(district: str) -> str:
    """Return the district that events of an account say: the operator's account is of none."""
    return NO_DISTRICT if district == EVERY_DISTRICT else district


@dataclass(frozen=True, slots=True)
class SessionLifetime:
    """How long a log-in lasts at most, and how long without a new token."""

    whole: timedelta
    idle: timedelta


_VOLUNTEERS = SessionLifetime(timedelta(days=30), timedelta(days=14))
_STAFF = SessionLifetime(timedelta(hours=12), timedelta(minutes=45))
"""Half an hour of idleness (GB/T 22239) after the quarter of an hour of the last token."""
_OPERATORS = SessionLifetime(timedelta(hours=4), timedelta(minutes=45))
REUSE_GRACE = timedelta(seconds=30)
"""How long the last used refresh token gives another successor, as the answer may have been lost on its way."""


def session_lifetime(roles: Collection[str]) -> SessionLifetime:
    """Return how long a log-in lasts: the more its roles may do, the shorter."""
    if Role.OPERATOR in roles:
        return _OPERATORS
    return _VOLUNTEERS if set(roles) <= {Role.VOLUNTEER} else _STAFF


_REFRESH_TOKEN = re.compile(r"(\*|[0-9]{6})\.[A-Za-z0-9_-]{43}")


def new_refresh_token(district: str) -> str:
    """Return 256 random bits, behind the district in which they are looked up."""
    return f"{district}.{secrets.token_urlsafe(32)}"


def district_of_token(refresh_token: str) -> str:
    """Return the district that a refresh token is looked up in. Raises RefusedError where it is none."""
    found = _REFRESH_TOKEN.fullmatch(refresh_token)
    if found is None:
        raise session_ended()
    return found[1]


def hash_of_token(refresh_token: str) -> bytes:
    """Return what is stored of a refresh token. It is random: a plain hash gives nothing away."""
    return hashlib.sha256(refresh_token.encode()).digest()


def session_ended() -> RefusedError:
    """Return the refusal of a refresh token, whatever is wrong with it."""
    return RefusedError(Fault("refresh_token", Code.SESSION_ENDED))


_MAX_USER_AGENT = 200


@dataclass(frozen=True, slots=True)
class Device:
    """Where somebody logs in from, as they recognise it in the list of their sessions: nothing is stored in clear."""

    user_agent: str
    address: str

    @classmethod
    def of(cls, user_agent: str, address: str) -> "Device":
        """Return the device of a request: a browser's words cut to a length, and the first half of its address."""
        printable = "".join(character for character in user_agent if character.isprintable())
        return cls(printable[:_MAX_USER_AGENT], _masked(address))


def _masked(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address.partition("/")[0])
    except ValueError:
        return ""
    if parsed.version == 4:  # noqa: PLR2004
        return ".".join([*str(parsed).split(".")[:2], "*", "*"])
    return ":".join([*parsed.exploded.split(":")[:2], "*"])
