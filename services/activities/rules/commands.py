"""Setting a district's rules. Invariant: what is published already keeps the rules it has."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.rules.domain import RuleSet, rule_faults
from services.activities.rules.repository import VersionOfRules, add_rules, newest_rules
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.event_log import now


class DistrictRules(RuleSet):
    """A district's rule set, its version, and since when activities are published with it; null for version 0."""

    version: int
    made_at: datetime | None


async def set_rules(tx: AsyncConnection, actor: Actor, version: int, changes: Mapping[str, int]) -> DistrictRules:
    """Give a district another rule set; ``changes`` are in minutes, and what they leave out stays.

    Raises RefusedError ``changed_meanwhile`` where ``version`` is not the newest, or with every fault.
    """
    before = await newest_rules(tx, actor.district)
    if version != before.version:
        raise RefusedError(Fault("version", Code.CHANGED_MEANWHILE))
    rules = RuleSet.model_validate({**before.rules.model_dump(), **changes})
    if faults := [*rule_faults(rules)]:
        raise RefusedError(*faults)
    made = VersionOfRules(version + 1, rules, now())
    if not await add_rules(tx, actor.district, made, actor.name):
        raise RefusedError(Fault("version", Code.CHANGED_MEANWHILE))
    return shown(made)


def shown(made: VersionOfRules) -> DistrictRules:
    """Return a version of rules as it is shown."""
    return DistrictRules(**made.rules.model_dump(), version=made.version, made_at=made.made_at)
