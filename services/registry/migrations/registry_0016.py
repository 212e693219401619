"""Qualifications of volunteers, their details and pictures sealed (ADR 0055)."""

from alembic import op

from shared.store.ddl import secure

revision = "registry_0016"
down_revision = "registry_0015"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE qualification (
        district      text NOT NULL,
        id            uuid NOT NULL,
        volunteer_id  uuid NOT NULL,
        kind          text NOT NULL,
        issued_on     date NOT NULL,
        expires_on    date,
        state         text NOT NULL,
        wrapped_key   bytea NOT NULL,
        details       bytea NOT NULL,
        evidence      bytea,
        evidence_type text,
        submitted_at  timestamptz NOT NULL,
        decided_at    timestamptz,
        decided_by    text,
        reason        text,
        ended_at      timestamptz,
        version       int NOT NULL,
        PRIMARY KEY (district, id),
        FOREIGN KEY (district, volunteer_id) REFERENCES volunteer
    )
    """,
    "CREATE INDEX qualification_volunteer ON qualification (district, volunteer_id)",
    "CREATE INDEX qualification_state ON qualification (district, state, id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("qualification", api="SELECT, INSERT, UPDATE", worker="SELECT, UPDATE, DELETE")
