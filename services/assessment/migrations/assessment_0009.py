"""Which entry somebody's is merged into, and what stars the kept one had before (ADR 0060)."""

from alembic import op

from shared.store.ddl import secure

revision = "assessment_0009"
down_revision = "assessment_0008"
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
    # As long as another entry is merged into the volunteer's.
    """
    CREATE TABLE stars_before_merge (
        district     text NOT NULL,
        volunteer_id uuid NOT NULL,
        stars        int NOT NULL CHECK (stars >= 0),
        PRIMARY KEY (district, volunteer_id)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("merged_volunteer", api="SELECT", worker="SELECT, INSERT, UPDATE, DELETE")
    secure("stars_before_merge", worker="SELECT, INSERT, DELETE")
