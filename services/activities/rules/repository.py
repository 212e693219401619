"""Rule sets as they are stored. Invariant: rows are added, never changed; versions of a district follow one another."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.rules.domain import FIRST_RULES, RuleSet, rules_of
from services.activities.rules.tables import activity_rules

RULES_OF_ACTIVITY = """
    (SELECT rules::text FROM activity_rules WHERE district = a.district AND version = a.rules_version) AS rules
"""
"""A column of a query in which ``a`` is the activity: the rule set that it keeps, for ``rules_of``."""
_VERSIONS = """
    SELECT version, rules::text AS rules, made_at, made_by, coalesce(holds_from, made_at) AS holds_from
    FROM activity_rules WHERE district = :district
"""
_NEWEST = text(f"{_VERSIONS} ORDER BY version DESC LIMIT :most")
_IN_FORCE = text(f"""{_VERSIONS} AND coalesce(holds_from, made_at) <= :at
    ORDER BY coalesce(holds_from, made_at) DESC, version DESC LIMIT 1
""")
_ADD = insert(activity_rules).on_conflict_do_nothing()
_MOST = 200


class VersionOfRules(NamedTuple):
    """A district's rule set, when and by whom it was made and from when on it holds; version 0 was made by nobody."""

    version: int
    rules: RuleSet
    made_at: datetime | None = None
    made_by: str | None = None
    holds_from: datetime | None = None


FIRST_VERSION = VersionOfRules(0, FIRST_RULES)


async def rules_in_force(tx: AsyncConnection, district: str, at: datetime) -> VersionOfRules:
    """Return the rule set that activities of a district are published with at a moment."""
    row = (await tx.execute(_IN_FORCE, {"district": district, "at": at})).one_or_none()
    return _version(row) if row else FIRST_VERSION


async def newest_rules(tx: AsyncConnection, district: str) -> VersionOfRules:
    """Return the rule set that was made last, whether or not it holds yet."""
    return (await versions_of_rules(tx, district, most=1))[0]


async def versions_of_rules(tx: AsyncConnection, district: str, most: int = _MOST) -> list[VersionOfRules]:
    """Return a district's rule sets, the one made last first, down to version 0."""
    rows = (await tx.execute(_NEWEST, {"district": district, "most": most})).all()
    return [*map(_version, rows), *([FIRST_VERSION] if len(rows) < most else [])]


def _version(row: Row[Any]) -> VersionOfRules:
    return VersionOfRules(row.version, rules_of(row.rules), row.made_at, row.made_by, row.holds_from)


async def add_rules(tx: AsyncConnection, district: str, made: VersionOfRules) -> bool:
    """Put a version on file; return whether it was the next one, and nobody else's meanwhile."""
    values = {**made._asdict(), "rules": made.rules.model_dump(mode="json"), "district": district}
    return (await tx.execute(_ADD, values)).rowcount == 1
