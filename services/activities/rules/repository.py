"""Rule sets as they are stored. Invariant: rows are added, never changed; versions of a district follow one another."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.rules.domain import FIRST_RULES, RuleSet, rules_of
from services.activities.rules.tables import activity_rules

RULES_OF_ACTIVITY = """
    (SELECT rules::text FROM activity_rules WHERE district = a.district AND version = a.rules_version) AS rules
"""
"""A column of a query in which ``a`` is the activity: the rule set that it keeps, for ``rules_of``."""
_NEWEST = text("""
    SELECT version, rules::text AS rules, made_at FROM activity_rules
    WHERE district = :district ORDER BY version DESC LIMIT 1
""")
_ADD = insert(activity_rules).on_conflict_do_nothing()


class VersionOfRules(NamedTuple):
    """A district's rule set; version 0 was made by nobody."""

    version: int
    rules: RuleSet
    made_at: datetime | None


async def newest_rules(tx: AsyncConnection, district: str) -> VersionOfRules:
    """Return the rule set that activities of a district are published with now."""
    row = (await tx.execute(_NEWEST, {"district": district})).one_or_none()
    return (
        VersionOfRules(row.version, rules_of(row.rules), row.made_at) if row else VersionOfRules(0, FIRST_RULES, None)
    )


async def add_rules(tx: AsyncConnection, district: str, made: VersionOfRules, made_by: str) -> bool:
    """Put a version on file; return whether it was the next one, and nobody else's meanwhile."""
    written = made.rules.model_dump(mode="json")
    values = {"district": district, "version": made.version, "rules": written, "made_at": made.made_at}
    return (await tx.execute(_ADD, {**values, "made_by": made_by})).rowcount == 1
