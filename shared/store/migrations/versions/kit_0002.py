"""The audit trail of dead letters: how often each was tried, and who settled it, when and why."""

from alembic import op

revision = "kit_0002"
down_revision = "kit_0001"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    ALTER TABLE dead_letter
        ADD COLUMN attempts       int NOT NULL DEFAULT 1 CHECK (attempts >= 0),
        ADD COLUMN tried_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
        ADD COLUMN settled_by     text,
        ADD COLUMN settled_reason text
    """,
    """
    ALTER TABLE dead_letter
        ADD CONSTRAINT settled_by_somebody
            CHECK ((state = 'parked') = (settled_at IS NULL) AND (settled_at IS NULL) = (settled_by IS NULL)),
        ADD CONSTRAINT discarded_for_a_reason CHECK (state <> 'discarded' OR coalesce(settled_reason, '') <> '')
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
