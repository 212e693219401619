"""Rule sets as they are stored.

Invariant: the columns are named, so one that a newer version adds disturbs no process that is older.
"""

from collections.abc import Collection

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.rules.domain import PLATFORM, RuleBook, RuleSet
from services.assessment.rules.tables import rule_set

_RULE_SETS = text(
    f"SELECT {', '.join(rule_set.c.keys())} FROM rule_set WHERE district = ANY(CAST(:districts AS text[]))"
)


async def rule_book(tx: AsyncConnection, districts: Collection[str]) -> RuleBook:
    """Return the rules of some districts."""
    rows = await tx.execute(_RULE_SETS, {"districts": [*districts, PLATFORM]})
    return RuleBook(RuleSet(**{**row, "star_hours": tuple(row["star_hours"])}) for row in rows.mappings())
