"""Which rule documents are to be accepted, and who has accepted which (ADR 0058)."""

from alembic import op

from shared.store.ddl import secure

revision = "activities_0017"
down_revision = "activities_0016"
branch_labels = None
depends_on = None

STATEMENTS = (
    # A row a version: which one is required on a day follows from all of them.
    """
    CREATE TABLE known_rule (
        district      text NOT NULL,
        id            uuid NOT NULL,
        version       int NOT NULL,
        title         text NOT NULL,
        required_from date NOT NULL,
        PRIMARY KEY (district, id, version)
    )
    """,
    """
    CREATE TABLE accepted_rule (
        district         text NOT NULL,
        id               uuid NOT NULL,
        volunteer_id     uuid NOT NULL,
        document_id      uuid NOT NULL,
        document_version int NOT NULL,
        version          int NOT NULL,
        PRIMARY KEY (district, id)
    )
    """,
    "CREATE INDEX accepted_rule_volunteer ON accepted_rule (district, volunteer_id, document_id, document_version)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("known_rule", api="SELECT", worker="SELECT, INSERT, UPDATE, DELETE")
    secure("accepted_rule", api="SELECT", worker="SELECT, INSERT, UPDATE, DELETE")
