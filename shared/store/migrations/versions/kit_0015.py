"""What is remembered of a comparison that found a district equal, so that the next one looks at what has changed."""

from alembic import op

from shared.store.ddl import secure

revision = "kit_0015"
down_revision = "kit_0014"
branch_labels = None
depends_on = None

# cut: how much of each producer's log was looked at; digests: of each table its rows, and a sum over their hashes.
STATEMENT = """
    CREATE TABLE comparison_seal (
        district    text NOT NULL,
        projection  text NOT NULL,
        cut         jsonb NOT NULL,
        digests     jsonb NOT NULL,
        sealed_at   timestamptz NOT NULL,
        replayed_at timestamptz NOT NULL,
        PRIMARY KEY (district, projection)
    )
"""


def upgrade() -> None:
    op.execute(STATEMENT)
    secure("comparison_seal", worker="SELECT, INSERT, UPDATE, DELETE")
