"""Which qualifications an activity needs, and who holds which until when (ADR 0055)."""

from alembic import op

from shared.store.ddl import secure

revision = "activities_0016"
down_revision = "activities_0015"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE held_qualification (
        district     text NOT NULL,
        id           uuid NOT NULL,
        volunteer_id uuid NOT NULL,
        kind         text NOT NULL,
        expires_on   date,
        holds        boolean NOT NULL,
        version      int NOT NULL,
        PRIMARY KEY (district, id)
    )
    """,
    "CREATE INDEX held_qualification_volunteer ON held_qualification (district, volunteer_id, kind)",
    "ALTER TABLE activity ADD COLUMN needs text[] NOT NULL DEFAULT '{}'",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("held_qualification", api="SELECT", worker="SELECT, INSERT, UPDATE, DELETE")
