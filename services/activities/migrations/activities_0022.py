"""Versions of rule documents that the district has ended are required no more (ADR 0058)."""

from alembic import op

revision = "activities_0022"
down_revision = "activities_0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE known_rule ADD COLUMN ended boolean NOT NULL DEFAULT false")
