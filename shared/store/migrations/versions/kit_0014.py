"""An uploaded file is kept piece by piece, and an import can be a dry run that says what it would change."""

from alembic import op

from shared.store.ddl import secure

revision = "kit_0014"
down_revision = "kit_0013"
branch_labels = None
depends_on = None

STATEMENTS = (
    # Pieces that no job owns are of an upload that is not over, or broke off.
    """
    CREATE TABLE import_file (
        district  text NOT NULL,
        import_id uuid NOT NULL,
        piece     int NOT NULL,
        sealed    bytea NOT NULL,
        stored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (district, import_id, piece)
    )
    """,
    "ALTER TABLE import_file ALTER COLUMN sealed SET STORAGE EXTERNAL",  # ciphertext: nothing to compress
    "ALTER TABLE import_job ADD COLUMN pieces int",  # null: the file is in content, as the release before keeps it
    "ALTER TABLE import_job ADD COLUMN dry_run boolean NOT NULL DEFAULT false",
    "ALTER TABLE import_job ADD COLUMN changed int NOT NULL DEFAULT 0",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("import_file", api="SELECT, INSERT, DELETE", worker="SELECT, DELETE")
