"""Shadow tables for replay, and what comparisons found."""

revision = "kit_0003"
down_revision = "kit_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
