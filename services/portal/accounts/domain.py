"""What an office may do with an account, as its pages offer it; registry decides.

Invariant: nobody knows the password that an account is opened with; its owner gets a temporary one, to be changed.
"""

import hashlib
from collections.abc import Collection, Mapping

from shared.contracts.actor import Role

_BY_AN_ADMIN = (Role.STATION_MANAGER, Role.TEAM_LEADER, Role.CASE_WORKER, Role.AUDITOR)
OFFERED: Mapping[Role, tuple[Role, ...]] = {
    Role.DISTRICT_ADMIN: _BY_AN_ADMIN,
    Role.OPERATOR: (*_BY_AN_ADMIN, Role.DISTRICT_ADMIN),
}
"""Role -> the roles that its pages offer (``services/registry/accounts/domain.py``: MAY_GRANT)."""


def offered(roles: Collection[str]) -> list[str]:
    """Return the roles that somebody of these roles is offered to grant."""
    found: dict[str, None] = {}
    for role, granted in OFFERED.items():
        if role in roles:
            found |= dict.fromkeys(granted)
    return list(found)


def unknown_password(key: str) -> str:
    """Return a password that nobody reads, the same for a form that is sent twice: made of the form's random key."""
    return hashlib.sha256(b"first password:" + key.encode()).hexdigest()
