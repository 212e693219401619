"""One-time codes, consents, and people who change their own point of contact."""

from alembic import op

from shared.store.ddl import grant, secure

revision = "registry_0005"
down_revision = "registry_0004"
branch_labels = None
depends_on = None

STATEMENTS = (
    # Nobody is registered yet who asks for a code: it is of no district. All but the times is keyed digests.
    """
    CREATE TABLE one_time_code (
        id          uuid PRIMARY KEY,
        purpose     text NOT NULL,
        destination bytea NOT NULL,
        subject     bytea NOT NULL,
        digest      bytea NOT NULL,
        made_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
        wrong_tries int NOT NULL DEFAULT 0,
        used_at     timestamptz
    )
    """,
    "CREATE INDEX one_time_code_destination ON one_time_code (destination, made_at)",
    "CREATE INDEX one_time_code_subject ON one_time_code (subject, purpose, made_at)",
    """
    CREATE TABLE consent (
        district     text NOT NULL,
        id           uuid NOT NULL,
        volunteer_id uuid NOT NULL,
        purpose      text NOT NULL,
        text_version text NOT NULL,
        given        boolean NOT NULL,
        channel      text NOT NULL,
        stated_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (district, id),
        FOREIGN KEY (district, volunteer_id) REFERENCES volunteer
    )
    """,
    "CREATE INDEX consent_volunteer ON consent (district, volunteer_id, purpose, stated_at)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grant("one_time_code", api="SELECT, INSERT, UPDATE", worker="SELECT, DELETE")
    secure("consent", api="SELECT, INSERT")
    grant("volunteer", api="UPDATE")
