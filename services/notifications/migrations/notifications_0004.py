"""What people want to be told, and the places that they are reminded of."""

from alembic import op

from shared.store.ddl import secure

revision = "notifications_0004"
down_revision = "notifications_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE preference (
            district     text NOT NULL,
            recipient_id uuid NOT NULL,
            unwanted     text[] NOT NULL,
            quiet_from   time,
            quiet_until  time,
            PRIMARY KEY (district, recipient_id),
            CONSTRAINT quiet_from_until CHECK ((quiet_from IS NULL) = (quiet_until IS NULL))
        )
    """)
    secure("preference", api="SELECT, INSERT, UPDATE", worker="SELECT")
    op.execute("""
        CREATE TABLE reminded_place (
            district       text NOT NULL,
            sign_up_id     uuid NOT NULL,
            volunteer_id   uuid NOT NULL,
            activity_title text,
            starts_at      timestamptz,
            version        int NOT NULL,
            PRIMARY KEY (district, sign_up_id)
        )
    """)
    secure("reminded_place", worker="SELECT, INSERT, UPDATE")
    op.execute("ALTER TABLE delivery DROP CONSTRAINT delivery_state_check")
    op.execute("""
        ALTER TABLE delivery ADD CONSTRAINT delivery_state_check
        CHECK (state IN ('queued', 'sending', 'sent', 'undeliverable', 'uncertain', 'withheld'))
    """)
