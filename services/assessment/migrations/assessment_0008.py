"""Who has ended their registration (ADR 0054)."""

from alembic import op

from shared.store.ddl import secure

revision = "assessment_0008"
down_revision = "assessment_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE closed_volunteer (
            district      text NOT NULL,
            id            uuid NOT NULL,
            restricted_at timestamptz NOT NULL,
            version       int NOT NULL,
            PRIMARY KEY (district, id)
        )
    """)
    secure("closed_volunteer", api="SELECT", worker="SELECT, INSERT, UPDATE, DELETE")
