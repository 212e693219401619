"""An aggregate's versions are unique by its id alone, which no two districts share.

Two indexes that both begin with the district let PostgreSQL choose between them while it knows nothing of the table:
an outbox row's event was looked for among all of its district's.
"""

from alembic import op

from shared.store.ddl import build_index

revision = "kit_0016"
down_revision = "kit_0015"
branch_labels = None
depends_on = None

# Nobody loses a guarantee: the new index refuses all that the old constraint refuses.
DROP_OLD = """
    -- squawk-ignore ban-drop-constraint
    ALTER TABLE event_log DROP CONSTRAINT event_log_district_aggregate_id_aggregate_version_key
"""


def upgrade() -> None:
    build_index("event_log_aggregate", "event_log (aggregate_id, aggregate_version)", unique=True)
    op.execute(DROP_OLD)
