"""Subscriptions go by the present names of events: what said "entered or changed" is two types, or three, now."""

from alembic import op

revision = "kit_0010"
down_revision = "kit_0009"
branch_labels = None
depends_on = None

NEW_NAMES = """
    (VALUES ('OrganisationRegistered', 'OrganisationChanged'), ('OrganisationRegistered', 'OrganisationClosed'),
            ('StationOpened', 'StationRegistered'), ('StationOpened', 'StationChanged'),
            ('StationOpened', 'StationClosed'),
            ('TeamFormed', 'TeamRegistered'), ('TeamFormed', 'TeamChanged'), ('TeamFormed', 'TeamClosed')
    ) AS named(old, new)
"""
STATEMENTS = (
    # Nobody was ever told of a closing before, so whoever followed the old type has missed none.
    f"""
    INSERT INTO subscription (consumer, event, since, filled)
    SELECT consumer, 'cn.linbang.registry.' || new, since, filled
    FROM subscription JOIN {NEW_NAMES} ON event = 'cn.linbang.registry.' || old
    """,
    """
    DELETE FROM subscription
    WHERE event IN ('cn.linbang.registry.StationOpened', 'cn.linbang.registry.TeamFormed')
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
