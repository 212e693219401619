"""Who has said whether they may be mailed."""

from alembic import op

from shared.store.ddl import secure

revision = "notifications_0007"
down_revision = "notifications_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE notice_consent (
            district     text NOT NULL,
            id           uuid NOT NULL,
            volunteer_id uuid NOT NULL,
            given        boolean NOT NULL,
            version      int NOT NULL,
            PRIMARY KEY (district, id)
        )
    """)
    op.execute("CREATE UNIQUE INDEX notice_consent_volunteer ON notice_consent (district, volunteer_id)")
    secure("notice_consent", worker="SELECT, INSERT, UPDATE")
