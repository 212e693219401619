"""Since when a group handles each type of event, and how many events were found missing at night."""

from alembic import op

from shared.store.ddl import grant, secure

revision = "kit_0006"
down_revision = "kit_0005"
branch_labels = None
depends_on = None

STATEMENTS = (
    # When this database was made: what is older is history to its consumer. One from before this revision counts from
    # here; its consumer, if it has one, keeps what it had (subscription.py).
    """
    CREATE TABLE installation (
        one     boolean PRIMARY KEY DEFAULT true CHECK (one),
        made_at timestamptz NOT NULL DEFAULT clock_timestamp()
    )
    """,
    "INSERT INTO installation DEFAULT VALUES",
    # event: a type without its version. filled: false from the beginning of a `subscribe` to its end.
    """
    CREATE TABLE subscription (
        consumer text NOT NULL,
        event    text NOT NULL,
        since    timestamptz NOT NULL,
        filled   boolean NOT NULL,
        PRIMARY KEY (consumer, event)
    )
    """,
    # A row a type and count: of how many logged events how many were neither in the inbox nor parked. district: the one
    # that was looked at; none, where all were.
    """
    CREATE TABLE missing_event_count (
        consumer   text NOT NULL,
        event      text NOT NULL,
        counted_at timestamptz NOT NULL,
        logged     bigint NOT NULL,
        missing    bigint NOT NULL,
        district   text,
        PRIMARY KEY (consumer, event, counted_at)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grant("installation", worker="SELECT")
    grant("subscription", worker="SELECT, INSERT, UPDATE")
    secure("missing_event_count", worker="SELECT, INSERT")
