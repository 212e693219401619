"""Who is a minor, whose guardian has agreed, and what is dangerous."""

from alembic import op

revision = "activities_0014"
down_revision = "activities_0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE known_volunteer ADD COLUMN minor boolean NOT NULL DEFAULT false,
                                    ADD COLUMN guardian_agreed boolean NOT NULL DEFAULT false
    """)
    op.execute("ALTER TABLE activity ADD COLUMN dangerous boolean NOT NULL DEFAULT false")
