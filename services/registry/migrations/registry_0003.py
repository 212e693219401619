"""Sessions and their refresh tokens, an account's versions, and the access log (ADR 0022)."""

from alembic import op

from shared.store.ddl import secure

revision = "registry_0003"
down_revision = "registry_0002"
branch_labels = None
depends_on = ("kit_0008",)

STATEMENTS = (
    # Version 0: an account from before its opening was an event.
    "ALTER TABLE account ADD COLUMN version int NOT NULL DEFAULT 0, ADD COLUMN locked_at timestamptz, "
    "ADD COLUMN must_change_password boolean NOT NULL DEFAULT false",
    # A family of refresh tokens. generation: that of the tokens that are good now; rotated_from: the token that was
    # used to get them (services/registry/accounts/sessions.py).
    """
    CREATE TABLE session (
        district      text NOT NULL,
        id            uuid NOT NULL,
        account_id    uuid NOT NULL,
        user_agent    text NOT NULL,
        address       text NOT NULL,
        generation    int NOT NULL DEFAULT 1,
        rotated_from  bytea,
        rotated_at    timestamptz,
        created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
        seen_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
        stepped_up_at timestamptz,
        expires_at    timestamptz NOT NULL,
        idle_until    timestamptz NOT NULL,
        ended_at      timestamptz,
        PRIMARY KEY (district, id),
        FOREIGN KEY (district, account_id) REFERENCES account
    )
    """,
    "CREATE INDEX session_of_account ON session (district, account_id)",
    """
    CREATE TABLE refresh_token (
        district   text NOT NULL,
        hash       bytea NOT NULL,
        session_id uuid NOT NULL,
        generation int NOT NULL,
        PRIMARY KEY (district, hash),
        FOREIGN KEY (district, session_id) REFERENCES session ON DELETE CASCADE
    )
    """,
    "CREATE INDEX refresh_token_of_session ON refresh_token (district, session_id)",
    """
    CREATE TABLE access_log (
        district    text NOT NULL,
        id          uuid NOT NULL,
        happened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        actor       text NOT NULL,
        action      text NOT NULL,
        subject_id  uuid NOT NULL,
        reason      text NOT NULL,
        PRIMARY KEY (district, id)
    )
    """,
    "CREATE INDEX access_log_subject ON access_log (district, subject_id, id)",
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON access_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("session", api="SELECT, INSERT, UPDATE, DELETE")
    secure("refresh_token", api="SELECT, INSERT")
    secure("access_log", api="SELECT, INSERT")
