"""A rule set may hold from a later day than it was made (ADR 0039, 0040)."""

from alembic import op

revision = "activities_0019"
down_revision = "activities_0008"
branch_labels = None
depends_on = None

# Absent for versions of before: those have held since they were made.
HOLDS_FROM = "ALTER TABLE activity_rules ADD COLUMN holds_from timestamptz"


def upgrade() -> None:
    op.execute(HOLDS_FROM)
