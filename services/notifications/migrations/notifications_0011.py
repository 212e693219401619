"""Which entry somebody's is merged into (ADR 0060)."""

from alembic import op

from shared.store.ddl import secure

revision = "notifications_0011"
down_revision = "notifications_0008"
branch_labels = None
depends_on = None

STATEMENTS = (
    # kept_id: none where the merger was undone.
    """
    CREATE TABLE merged_volunteer (
        district text NOT NULL,
        id       uuid NOT NULL,
        kept_id  uuid,
        version  int NOT NULL,
        PRIMARY KEY (district, id)
    )
    """,
    "CREATE INDEX merged_volunteer_kept ON merged_volunteer (district, kept_id) WHERE kept_id IS NOT NULL",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("merged_volunteer", api="SELECT", worker="SELECT, INSERT, UPDATE, DELETE")
