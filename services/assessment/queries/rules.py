"""Which rules a figure follows."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment import repository
from services.assessment.domain import RuleSet
from shared.store.engine import Store
from shared.store.event_log import now


async def rules_at(tx: AsyncConnection, district: str, at: datetime) -> RuleSet:
    """Return the rule set that the district followed, or follows, at a moment."""
    return (await repository.rule_book(tx, [district])).in_force(district, at)


async def rules_of_year(tx: AsyncConnection, district: str, year: int) -> RuleSet:
    """Return the rules of a year's assessment: those in force when its window closed, today's while it is open."""
    today = await rules_at(tx, district, now())
    _, end = today.window(year)
    return await rules_at(tx, district, min(now(), datetime.combine(end, time(), ZoneInfo(today.zone))))


async def current_rules(store: Store, district: str) -> RuleSet:
    """Return the rule set that the district follows today."""
    async with store.transaction(district) as tx:
        return await rules_at(tx, district, now())
