"""A mail that has failed for good can be sent again; how often it was is part of its events' order."""

from alembic import op

revision = "notifications_0014"
down_revision = "notifications_0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE delivery ADD COLUMN sent_again int NOT NULL DEFAULT 0")
