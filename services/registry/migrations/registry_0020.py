"""Two entries of one person become one, and two again (ADR 0060)."""

from alembic import op

from shared.store.ddl import grant, secure

revision = "registry_0020"
down_revision = "registry_0019"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE volunteer ADD COLUMN merged_into_id uuid",
    # account_id: the log-in that was ended by it; team_id: the team that has become the kept entry's by it.
    """
    CREATE TABLE volunteer_merge (
        district   text NOT NULL,
        id         uuid NOT NULL,
        merged_id  uuid NOT NULL,
        kept_id    uuid NOT NULL,
        account_id uuid,
        team_id    uuid,
        merged_at  timestamptz NOT NULL,
        undone_at  timestamptz,
        PRIMARY KEY (district, id),
        CHECK (merged_id <> kept_id),
        FOREIGN KEY (district, merged_id) REFERENCES volunteer,
        FOREIGN KEY (district, kept_id) REFERENCES volunteer
    )
    """,
    "CREATE UNIQUE INDEX volunteer_merge_standing ON volunteer_merge (district, merged_id) WHERE undone_at IS NULL",
    "CREATE INDEX volunteer_merge_kept ON volunteer_merge (district, kept_id)",
    # The rows of other tables that have followed to the kept entry.
    """
    CREATE TABLE followed_row (
        district text NOT NULL,
        merge_id uuid NOT NULL,
        kind     text NOT NULL
                 CHECK (kind IN ('pairing', 'pairing_ended', 'pairing_visit', 'placement', 'qualification')),
        row_id   uuid NOT NULL,
        PRIMARY KEY (district, merge_id, kind, row_id),
        FOREIGN KEY (district, merge_id) REFERENCES volunteer_merge
    )
    """,
    # given_before: what was stated under the kept entry before; statements: how many there were of the purpose with it.
    """
    CREATE TABLE followed_consent (
        district     text NOT NULL,
        merge_id     uuid NOT NULL,
        purpose      text NOT NULL,
        given_before boolean,
        statements   int NOT NULL,
        PRIMARY KEY (district, merge_id, purpose),
        FOREIGN KEY (district, merge_id) REFERENCES volunteer_merge
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("volunteer_merge", api="SELECT, INSERT, UPDATE")
    secure("followed_row", api="SELECT, INSERT")
    secure("followed_consent", api="SELECT, INSERT")
    grant("pairing_visit", api="UPDATE (volunteer_id)")
