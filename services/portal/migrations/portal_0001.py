"""Sessions."""

from alembic import op

from shared.store.ddl import secure

revision = "portal_0001"
down_revision = None
branch_labels = ("portal",)
depends_on = ("kit_0007",)

STATEMENTS = (
    # Tokens are encrypted; the cookie's secret is kept as its SHA-256 alone. No name, number, address or device.
    """
    CREATE TABLE session (
        district      text NOT NULL,
        secret_hash   bytea NOT NULL,
        account_id    uuid NOT NULL,
        volunteer_id  uuid,
        roles         text[] NOT NULL,
        access_token  bytea NOT NULL,
        access_until  timestamptz NOT NULL,
        refresh_token bytea NOT NULL,
        created_at    timestamptz NOT NULL,
        seen_at       timestamptz NOT NULL,
        ends_at       timestamptz NOT NULL,
        PRIMARY KEY (district, secret_hash)
    )
    """,
    "CREATE INDEX session_end ON session (district, ends_at)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("session", api="SELECT, INSERT, UPDATE, DELETE")
