"""A mail that is to be sent is work: what is queued or being sent gets its row of ``work``, which has the attempts.

Notifications is stopped while this runs. A mail that was being sent is due when its mailer's claim is over, and is not
sent again then.
"""

from alembic import op

from shared.store.ddl import service

revision = "notifications_0003"
down_revision = "notifications_0002"
branch_labels = None
depends_on = ("kit_0007",)


def upgrade() -> None:
    # Every row of every district: the owner sees none of them, the worker does.
    op.execute(f"SET LOCAL ROLE {service()}_worker")
    op.execute("""
        INSERT INTO work (district, id, kind, payload, due_at, attempts, last_error, created_at)
        SELECT district, id, 'mail', json_build_object('event_id', event_id, 'recipient_id', recipient_id),
               due_at, attempts, reason, queued_at
        FROM delivery WHERE channel = 'email' AND state IN ('queued', 'sending')
    """)
    op.execute("RESET ROLE")
    op.execute("DROP INDEX delivery_open")
    op.execute("ALTER TABLE delivery DROP COLUMN due_at, DROP COLUMN attempts")
