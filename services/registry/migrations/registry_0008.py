"""Accounts are found by a phone number, to be logged in to by a code (ADR 0040)."""

from alembic import op

revision = "registry_0008"
down_revision = "registry_0007"
branch_labels = None
depends_on = None

# By number and name people are searched for within one district; here in every one at once, and before any log-in.
PHONE_TAIL = "CREATE INDEX volunteer_phone_tail ON volunteer (district, phone_tail_index)"


def upgrade() -> None:
    op.execute(PHONE_TAIL)
