"""What a bad day needs: parked records with keys of any length, and digests of the keys that data is sealed with.

The index goes first, as it is no part of a transaction: broken off, the revision is run again from its beginning.
"""

from alembic import op

from shared.store.ddl import build_index, grant

revision = "kit_0013"
down_revision = "kit_0012"
branch_labels = None
depends_on = None

KEY_CHECK = """
    CREATE TABLE key_check (
        setting  text PRIMARY KEY,
        digest   bytea NOT NULL,
        noted_at timestamptz NOT NULL DEFAULT clock_timestamp()
    )
"""


def upgrade() -> None:
    # By hash: an index by value takes a key of 2.7 kB at most.
    build_index("dead_letter_parked", "dead_letter USING hash (key) WHERE state = 'parked'")
    op.execute(KEY_CHECK)
    grant("key_check", worker="SELECT, INSERT, UPDATE")
