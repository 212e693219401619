"""Identities at outside issuers that accounts are logged in to by (ADR 0035)."""

from alembic import op

from shared.store.ddl import grant

revision = "registry_0007"
down_revision = "registry_0006"
branch_labels = None
depends_on = None

# Like log_in_name: who comes from an issuer has no district yet; this table leads from the one to the other.
OUTSIDE_IDENTITY = """
    CREATE TABLE outside_identity (
        issuer       text NOT NULL,
        subject_hash bytea NOT NULL,
        belongs_to   text NOT NULL,
        account_id   uuid NOT NULL,
        linked_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (issuer, subject_hash),
        UNIQUE (account_id, issuer)
    )
"""


def upgrade() -> None:
    op.execute(OUTSIDE_IDENTITY)
    grant("outside_identity", api="SELECT, INSERT, DELETE")
