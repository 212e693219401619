"""What a bad day needs: parked records with keys of any length, and digests of the keys that data is sealed with."""

from alembic import op

from shared.store.ddl import grant

revision = "kit_0013"
down_revision = "kit_0010"
branch_labels = None
depends_on = None

STATEMENTS = (
    # An index by value takes a key of 2.7 kB at most.
    "DROP INDEX dead_letter_parked",
    "CREATE INDEX dead_letter_parked ON dead_letter USING hash (key) WHERE state = 'parked'",
    """
    CREATE TABLE key_check (
        setting  text PRIMARY KEY,
        digest   bytea NOT NULL,
        noted_at timestamptz NOT NULL DEFAULT clock_timestamp()
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grant("key_check", worker="SELECT, INSERT, UPDATE")
