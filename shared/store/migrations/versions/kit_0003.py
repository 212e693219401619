"""What comparisons of projections with their replays found. The replays themselves leave nothing."""

from alembic import op

from shared.store.ddl import secure

revision = "kit_0003"
down_revision = "kit_0002"
branch_labels = None
depends_on = None

# A row a projection and comparison. district: the one that was compared; none, where all were.
# Its key starts with the projection: a comparison is of the whole service.
STATEMENT = """
    CREATE TABLE projection_comparison (
        projection  text NOT NULL,
        compared_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        rows        bigint NOT NULL,
        differences bigint NOT NULL,
        position    bigint NOT NULL,
        district    text,
        PRIMARY KEY (projection, compared_at)
    )
"""


def upgrade() -> None:
    op.execute(STATEMENT)
    secure("projection_comparison", worker="SELECT, INSERT")
