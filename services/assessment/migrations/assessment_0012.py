"""Who has moved in from which district, and what they had served there (ADR 0066)."""

from alembic import op

from shared.store.ddl import secure

revision = "assessment_0012"
down_revision = "assessment_0010"
branch_labels = None
depends_on = None

STATEMENTS = (
    # Every move, also of somebody who has come back: what was served before any of them is carried along.
    """
    CREATE TABLE moved_volunteer (
        district      text NOT NULL,
        volunteer_id  uuid NOT NULL,
        from_district text NOT NULL,
        version       int NOT NULL,
        PRIMARY KEY (district, volunteer_id, from_district)
    )
    """,
    # Who serves or is corrected where they have left is looked for by this.
    "CREATE INDEX moved_volunteer_from ON moved_volunteer (volunteer_id, from_district)",
    # version: of the account's announcement that said it.
    """
    CREATE TABLE carried_hours (
        district      text NOT NULL,
        volunteer_id  uuid NOT NULL,
        from_district text NOT NULL CHECK (from_district <> district),
        minutes       bigint NOT NULL CHECK (minutes >= 0),
        sessions      int NOT NULL CHECK (sessions >= 0),
        stars         int NOT NULL CHECK (stars >= 0),
        event_id      uuid NOT NULL,
        recorded_at   timestamptz NOT NULL,
        version       int NOT NULL,
        PRIMARY KEY (district, volunteer_id, from_district)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("moved_volunteer", worker="SELECT, INSERT, UPDATE")
    secure("carried_hours", api="SELECT", worker="SELECT, INSERT, UPDATE")
