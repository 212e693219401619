"""Which entry somebody's is merged into, and which sign-ups have followed (ADR 0060)."""

from alembic import op

from shared.store.ddl import secure

revision = "activities_0019"
down_revision = "activities_0017"
branch_labels = None
depends_on = None

STATEMENTS = (
    # kept_id: none where the merger was undone.
    """
    CREATE TABLE merged_volunteer (
        district text NOT NULL,
        id       uuid NOT NULL,
        kept_id  uuid,
        version  int NOT NULL,
        PRIMARY KEY (district, id)
    )
    """,
    "CREATE INDEX merged_volunteer_kept ON merged_volunteer (district, kept_id) WHERE kept_id IS NOT NULL",
    # As long as the merger stands.
    """
    CREATE TABLE moved_sign_up (
        district   text NOT NULL,
        sign_up_id uuid NOT NULL,
        merged_id  uuid NOT NULL,
        PRIMARY KEY (district, sign_up_id),
        FOREIGN KEY (district, sign_up_id) REFERENCES sign_up
    )
    """,
    "CREATE INDEX moved_sign_up_merged ON moved_sign_up (district, merged_id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("merged_volunteer", api="SELECT", worker="SELECT, INSERT, UPDATE, DELETE")
    secure("moved_sign_up", worker="SELECT, INSERT, UPDATE, DELETE")
