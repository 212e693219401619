"""What is shown of a district's rules."""

from datetime import datetime

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.rules.domain import LIMITS, RuleSet
from services.activities.rules.repository import VersionOfRules, rules_in_force, versions_of_rules
from shared.store.event_log import now


class DistrictRules(RuleSet):
    """A district's rule set, its version, when it was made, and since when activities are published with it.

    Both times are null for version 0.
    """

    version: int
    made_at: datetime | None
    holds_from: datetime | None


class MadeRules(DistrictRules):
    """One that was made, by whom; version 0 by nobody."""

    made_by: str | None


class LimitsOfRule(BaseModel):
    """From how many minutes until how many a rule may be."""

    least: int
    most: int


class RuleSets(BaseModel):
    """A district's rule sets, the one made last first; the version that holds now; what each rule may be."""

    in_force: int
    items: list[MadeRules]
    limits: dict[str, LimitsOfRule]


async def rule_sets(tx: AsyncConnection, district: str) -> RuleSets:
    """Return every rule set of a district, and which of them holds."""
    holds = await rules_in_force(tx, district, now())
    made = await versions_of_rules(tx, district)
    return RuleSets(
        in_force=holds.version,
        items=[MadeRules(**shown(each).model_dump(), made_by=each.made_by) for each in made],
        limits={name: LimitsOfRule(least=least, most=most) for name, (least, most) in LIMITS.items()},
    )


def shown(made: VersionOfRules) -> DistrictRules:
    """Return a version of rules as it is shown."""
    return DistrictRules(
        **made.rules.model_dump(), version=made.version, made_at=made.made_at, holds_from=made.holds_from
    )
