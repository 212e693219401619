"""What a service last saw of itself, for its api to show to an operator: it may not read what that is made of."""

from alembic import op

from shared.store.ddl import grant

revision = "kit_0018"
down_revision = "kit_0016"
branch_labels = None
depends_on = None

# One row. moved_at: of each consumer, when its positions were last seen to have changed.
STATEMENT = """
    CREATE TABLE observation (
        only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        looked_at timestamptz NOT NULL,
        view      jsonb NOT NULL,
        moved_at  jsonb NOT NULL
    )
"""


def upgrade() -> None:
    op.execute(STATEMENT)
    grant("observation", api="SELECT", worker="SELECT, INSERT, UPDATE")
