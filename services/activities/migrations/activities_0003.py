"""What the pages look things up by: shifts by their start, calendars by their secret."""

from alembic import op

from shared.store.ddl import secure

revision = "activities_0003"
down_revision = "activities_0002"
branch_labels = None
depends_on = ("kit_0005",)  # current_districts()

STATEMENTS = (
    # None of these columns changes with a sign-up: its updates of a shift's row stay off this index too.
    "CREATE INDEX shift_by_start ON shift (district, starts_at, id)",
    # The secret itself is nowhere: what is random and long needs no slow hash.
    """
    CREATE TABLE calendar_feed (
        district     text NOT NULL,
        volunteer_id uuid NOT NULL,
        token_hash   bytea NOT NULL,
        made_at      timestamptz NOT NULL,
        PRIMARY KEY (district, volunteer_id),
        UNIQUE (district, token_hash)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("calendar_feed", api="SELECT, INSERT, UPDATE")
