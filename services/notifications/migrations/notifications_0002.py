"""An event can tell many people: a message is one recipient's, and so are its deliveries.

What is there keeps everything: what was read, what is queued, and the ids of deliveries, which are in mails as
Message-ID. All of it is of shape 1.
"""

from alembic import op

from shared.store.ddl import service

revision = "notifications_0002"
down_revision = "notifications_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE message RENAME COLUMN volunteer_id TO recipient_id")
    op.execute("ALTER TABLE message ADD COLUMN shape int NOT NULL DEFAULT 1")
    op.execute("ALTER TABLE message ALTER COLUMN shape DROP DEFAULT")
    op.execute("ALTER TABLE delivery ADD COLUMN recipient_id uuid, ADD COLUMN shape int NOT NULL DEFAULT 1")
    op.execute("ALTER TABLE delivery ALTER COLUMN shape DROP DEFAULT")
    # Since when the mailbox answers 4xx; NULL where it never has.
    op.execute("ALTER TABLE delivery ADD COLUMN put_off_since timestamptz")
    # Every row of every district: the owner sees none of them, the worker does.
    op.execute(f"SET LOCAL ROLE {service()}_worker")
    op.execute("""
        UPDATE delivery AS d SET recipient_id = m.recipient_id FROM message AS m
        WHERE (m.district, m.event_id) = (d.district, d.event_id)
    """)
    op.execute("RESET ROLE")
    op.execute("ALTER TABLE delivery DROP CONSTRAINT delivery_district_event_id_fkey, DROP CONSTRAINT delivery_pkey")
    op.execute("""
        ALTER TABLE message DROP CONSTRAINT message_pkey, ADD PRIMARY KEY (district, event_id, recipient_id)
    """)
    op.execute("""
        ALTER TABLE delivery
            ALTER COLUMN recipient_id SET NOT NULL,
            ADD PRIMARY KEY (district, event_id, recipient_id, channel),
            ADD FOREIGN KEY (district, event_id, recipient_id) REFERENCES message
    """)
