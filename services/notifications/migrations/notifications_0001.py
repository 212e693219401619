"""The inbox, the deliveries and the contacts."""

from alembic import op

from shared.store.ddl import secure

revision = "notifications_0001"
down_revision = None
branch_labels = ("notifications",)
depends_on = ("kit_0001",)

STATEMENTS = (
    # Facts hold no personal data; the words are made of them when somebody reads.
    """
    CREATE TABLE message (
        district     text NOT NULL,
        event_id     uuid NOT NULL,
        volunteer_id uuid NOT NULL,
        template     text NOT NULL,
        facts        json NOT NULL,
        occurred_at  timestamptz NOT NULL,
        read_at      timestamptz,
        PRIMARY KEY (district, event_id)
    )
    """,
    "CREATE INDEX message_inbox ON message (district, volunteer_id, occurred_at DESC, event_id DESC)",
    "CREATE INDEX message_unread ON message (district, volunteer_id) WHERE read_at IS NULL",
    # The primary key is the promise: once per event and channel. due_at is when the mailer looks at a row next: the
    # next attempt of one that is queued, the end of the claim of one that is being worked on.
    """
    CREATE TABLE delivery (
        district  text NOT NULL,
        event_id  uuid NOT NULL,
        channel   text NOT NULL CHECK (channel IN ('in_app', 'email')),
        id        uuid NOT NULL,
        state     text NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'undeliverable', 'uncertain')),
        reason    text,
        attempts  int NOT NULL DEFAULT 0,
        due_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
        queued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (district, event_id, channel),
        FOREIGN KEY (district, event_id) REFERENCES message
    )
    """,
    # Starts with the time, not the district: it is the mailer's queue across districts.
    "CREATE INDEX delivery_open ON delivery (due_at) WHERE state IN ('queued', 'sending')",
    """
    CREATE TABLE contact (
        district     text NOT NULL,
        volunteer_id uuid NOT NULL,
        sealed       bytea NOT NULL,
        PRIMARY KEY (district, volunteer_id)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("message", api="SELECT, UPDATE (read_at)", worker="SELECT, INSERT")
    secure("delivery", api="SELECT", worker="SELECT, INSERT, UPDATE")
    secure("contact", worker="SELECT, INSERT, UPDATE, DELETE")
