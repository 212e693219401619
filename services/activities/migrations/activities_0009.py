"""Drafts of activities; how good a service was, as its organiser says."""

from alembic import op

from shared.store.ddl import secure

revision = "activities_0009"
down_revision = "activities_0008"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE draft (
        district   text NOT NULL,
        id         uuid NOT NULL,
        kept_by    text NOT NULL,
        station_id uuid,
        content    jsonb NOT NULL,
        changed_at timestamptz NOT NULL,
        version    int NOT NULL,
        PRIMARY KEY (district, id)
    )
    """,
    "CREATE INDEX draft_kept_by ON draft (district, kept_by)",
    "CREATE INDEX draft_of_station ON draft (district, station_id)",
    "ALTER TABLE service_record ADD COLUMN organiser_rating int CHECK (organiser_rating BETWEEN 1 AND 5)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("draft", api="SELECT, INSERT, UPDATE, DELETE", worker="SELECT, DELETE")
