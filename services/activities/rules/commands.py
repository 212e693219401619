"""Setting a district's rules. Invariant: what is published already keeps the rules it has."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.rules.domain import RuleSet, first_moment, rule_faults
from services.activities.rules.queries import DistrictRules, shown
from services.activities.rules.repository import VersionOfRules, add_rules, newest_rules
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.event_log import now


async def set_rules(
    tx: AsyncConnection, actor: Actor, version: int, changes: Mapping[str, int], holds_from: date | None
) -> DistrictRules:
    """Give a district another rule set from a day on, at once where none is said.

    ``changes`` are in minutes; what they leave out is as in the version made last. Raises RefusedError
    ``changed_meanwhile`` where ``version`` is not that one, or with every fault.
    """
    before = await newest_rules(tx, actor.district)
    if version != before.version:
        raise RefusedError(Fault("version", Code.CHANGED_MEANWHILE))
    rules, made_at = RuleSet.model_validate({**before.rules.model_dump(), **changes}), now()
    faults = [*rule_faults(rules)]
    try:
        begins = first_moment(holds_from, made_at)
    except RefusedError as refused:
        faults += refused.faults
    if faults:
        raise RefusedError(*faults)
    made = VersionOfRules(version + 1, rules, made_at, actor.name, begins)
    if not await add_rules(tx, actor.district, made):
        raise RefusedError(Fault("version", Code.CHANGED_MEANWHILE))
    return shown(made)
