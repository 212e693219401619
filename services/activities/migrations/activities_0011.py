"""A dry run of a file of service records remembers what its earlier lines would have put on file."""

from alembic import op

from shared.store.ddl import secure

revision = "activities_0011"
down_revision = "activities_0010"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE trial_record (
        district     text NOT NULL,
        import_id    uuid NOT NULL,
        record_no    text NOT NULL,
        digest       bytea NOT NULL,
        volunteer_id uuid NOT NULL,
        started_at   timestamptz NOT NULL,
        ended_at     timestamptz NOT NULL,
        PRIMARY KEY (district, import_id, record_no)
    )
    """,
    "CREATE INDEX trial_record_volunteer ON trial_record (district, import_id, volunteer_id, started_at)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("trial_record", worker="SELECT, INSERT, DELETE")
