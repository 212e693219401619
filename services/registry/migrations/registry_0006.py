"""Second factors: a secret an account, and codes for when the phone is lost (ADR 0034)."""

from alembic import op

from shared.store.ddl import secure

revision = "registry_0006"
down_revision = "registry_0005"
branch_labels = None
depends_on = None

STATEMENTS = (
    # confirmed_at: since when it is asked for. last_step: no code of this step of 30 s, or of one before, is taken.
    """
    CREATE TABLE second_factor (
        district      text NOT NULL,
        account_id    uuid NOT NULL,
        sealed_secret bytea NOT NULL,
        confirmed_at  timestamptz,
        last_step     bigint NOT NULL,
        PRIMARY KEY (district, account_id),
        FOREIGN KEY (district, account_id) REFERENCES account
    )
    """,
    """
    CREATE TABLE recovery_code (
        district   text NOT NULL,
        account_id uuid NOT NULL,
        hash       bytea NOT NULL,
        used_at    timestamptz,
        PRIMARY KEY (district, account_id, hash),
        FOREIGN KEY (district, account_id) REFERENCES second_factor ON DELETE CASCADE
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("second_factor", api="SELECT, INSERT, UPDATE, DELETE")
    secure("recovery_code", api="SELECT, INSERT, UPDATE")
