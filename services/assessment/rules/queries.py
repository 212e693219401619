"""Which rules a figure follows."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.rules.domain import RuleSet
from services.assessment.rules.repository import rule_book
from shared.store.event_log import now


async def rules_at(tx: AsyncConnection, district: str, at: datetime) -> RuleSet:
    """Return the rule set that the district followed, or follows, at a moment."""
    return (await rule_book(tx, [district])).in_force(district, at)


async def current_rules(tx: AsyncConnection, district: str) -> RuleSet:
    """Return the rule set that the district follows today."""
    return await rules_at(tx, district, now())
