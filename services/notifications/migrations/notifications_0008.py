"""Who has ended their registration is mailed nothing any more (ADR 0054)."""

from alembic import op

from shared.store.ddl import grant, secure

revision = "notifications_0008"
down_revision = "notifications_0007"
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
    secure("closed_volunteer", worker="SELECT, INSERT, UPDATE, DELETE")
    grant("preference", worker="DELETE")
