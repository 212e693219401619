"""Events of an account: who may log in, and what they may do. They carry ids and roles, never a name or an address."""

from typing import ClassVar
from uuid import UUID

from shared.contracts.event import Event


class AccountEvent(Event):
    """What all events of an account have in common."""

    topic: ClassVar[str] = "registry.account"

    account_id: UUID


class AccountOpened(AccountEvent):
    """Somebody may log in now."""

    roles: tuple[str, ...]
    units: tuple[UUID, ...] = ()
    """Ids of the stations managed and teams led."""
    volunteer_id: UUID | None = None


class AccountLocked(AccountEvent):
    """Nobody may log in to the account until it is unlocked; the reason is in registry's access log."""


class AccountUnlocked(AccountEvent):
    """The account may be logged in to again."""


class AccountRolesChanged(AccountEvent):
    """What the account may do is different now; carries all of it."""

    roles: tuple[str, ...]
    units: tuple[UUID, ...] = ()


class AccountPasswordChanged(AccountEvent):
    """The account has another password."""

    reset: bool
    """Whether the office gave a temporary one, or a code to the account's phone or mail set it; else its owner did."""


class SecondFactorSetUp(AccountEvent):
    """Logging in to the account takes a code as well from now on."""


class SecondFactorRemoved(AccountEvent):
    """Logging in to the account takes no code any more."""

    reset: bool
    """Whether the office removed it; else the account's owner did."""


class OutsideIdentityLinked(AccountEvent):
    """The account can be logged in to by an identity that another issuer vouches for."""

    issuer: str
    """The issuer's name in registry's settings."""


class OutsideIdentityUnlinked(AccountEvent):
    """The account cannot be logged in to by the issuer's identity any more."""

    issuer: str
