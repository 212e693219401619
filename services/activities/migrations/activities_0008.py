"""A district's rules of attendance and of answering, by version; an activity keeps the version that it began with."""

from alembic import op

from shared.store.ddl import secure

revision = "activities_0008"
down_revision = "activities_0007"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE activity_rules (
        district text NOT NULL,
        version  int NOT NULL CHECK (version >= 1),
        rules    jsonb NOT NULL,
        made_at  timestamptz NOT NULL,
        made_by  text NOT NULL,
        PRIMARY KEY (district, version)
    )
    """,
    # Activities of before go by version 0: what the rules of every district were then.
    "ALTER TABLE activity ADD COLUMN rules_version int NOT NULL DEFAULT 0",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("activity_rules", api="SELECT, INSERT", worker="SELECT")
