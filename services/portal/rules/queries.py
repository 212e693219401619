"""A district's rule sets, as activities has them, and who made them."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel

from services.portal.rules.domain import RULES
from services.portal.shell.ids import uuid_of
from shared.http.upstream import Change, Read, RefusedByServiceError, Upstream, unless_away


class Rules(BaseModel):
    """The rules of a district, as an activity keeps them, in minutes."""

    check_in_opens: int
    counts_early: int
    counts_late: int
    forgotten_after: int
    offer_stands: int
    no_offers: int
    agreement: int
    notice: int


class RuleSet(Rules):
    """A version of the rules; version 0 was made by nobody and has held always."""

    version: int
    made_at: datetime | None
    made_by: str | None
    holds_from: datetime | None

    def minutes(self) -> dict[str, int]:
        """Return each rule with its minutes."""
        return self.model_dump(include=set(RULES))


class Limits(BaseModel):
    """From how many minutes until how many a rule may be."""

    least: int
    most: int


class RuleSets(BaseModel):
    """Every version, the one made last first, and which of them holds."""

    in_force: int
    items: list[RuleSet]
    limits: dict[str, Limits]

    @property
    def held(self) -> RuleSet:
        """The version that holds now."""
        return next(one for one in self.items if one.version == self.in_force)

    def differences(self) -> list["Difference"]:
        """Return each version with what it has changed in the one before it."""
        before: Iterable[RuleSet | None] = [*self.items[1:], None]
        return [_difference(made, earlier) for made, earlier in zip(self.items, before, strict=True)]


@dataclass(frozen=True, slots=True)
class Difference:
    """A version, and the rules it has changed: name, minutes before, minutes since."""

    made: RuleSet
    changed: Sequence[tuple[str, int, int]]


def _difference(made: RuleSet, before: RuleSet | None) -> Difference:
    if before is None:
        return Difference(made, ())
    was, since = before.minutes(), made.minutes()
    pairs = [(name, was[name], since[name]) for name in RULES]
    return Difference(made, [pair for pair in pairs if pair[1] != pair[2]])


class Account(BaseModel):
    """An account, as its district's office sees it."""

    user_name: str


class Added(BaseModel):
    """The new version."""

    version: int


RULE_SETS = Read("activities", "/v1/rule-sets", RuleSets)
ADD_RULES = Change("POST", "activities", "/v1/rule-sets", Added)
ACCOUNT = Read("registry", "/v1/accounts/{account_id}", Account)


async def makers(calls: Upstream, made: Sequence[RuleSet]) -> Mapping[str, str]:
    """Return the user names of those who made the versions, as far as whoever looks may know them."""
    named = sorted({one.made_by for one in made if one.made_by})
    found = await asyncio.gather(*(_user_name(calls, name) for name in named))
    return {name: user_name for name, user_name in zip(named, found, strict=True) if user_name}


async def _user_name(calls: Upstream, name: str) -> str | None:
    account_id = uuid_of(name.removeprefix("account:"))
    if account_id is None:
        return None
    try:
        account = await unless_away(calls.read(ACCOUNT, account_id=account_id))
    except RefusedByServiceError:
        return None  # the operator's account is of no district
    return account.user_name if account else None
