"""The index of an aggregate's versions begins with the aggregate, not with its district.

Two indexes that both begin with the district let PostgreSQL choose between them while it knows nothing of the table:
an outbox row's event was looked for among all of its district's.
"""

from alembic import op

from shared.store.ddl import build_index

revision = "kit_0016"
down_revision = "kit_0015"
branch_labels = None
depends_on = None

# Nobody loses a guarantee: the new index refuses what the old constraint refused.
DROP_OLD = """
    -- squawk-ignore ban-drop-constraint
    ALTER TABLE event_log DROP CONSTRAINT event_log_district_aggregate_id_aggregate_version_key
"""


def upgrade() -> None:
    build_index("event_log_aggregate", "event_log (aggregate_id, aggregate_version, district)", unique=True)
    op.execute(DROP_OLD)
