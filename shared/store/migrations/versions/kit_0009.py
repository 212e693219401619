"""Counts of tries, shared by the processes of a service (``shared/http/rate_sharing.py``).

Unlogged: it costs no write-ahead log, and a crash of the server forgives. No row says of whom it is.
"""

from alembic import op

from shared.store.ddl import grant

revision = "kit_0009"
down_revision = "kit_0008"
branch_labels = None
depends_on = None

TABLE = """
    CREATE UNLOGGED TABLE attempt (
        digest  bytea NOT NULL,
        period  bigint NOT NULL,
        tries   int NOT NULL,
        ends_at timestamptz NOT NULL,
        PRIMARY KEY (digest, period)
    ) WITH (fillfactor = 50)
"""


def upgrade() -> None:
    op.execute(TABLE)
    grant("attempt", api="SELECT, INSERT, UPDATE, DELETE")
