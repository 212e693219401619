"""A sheet of a survey can be taken back, and the office ends a survey early."""

from alembic import op

from shared.store.ddl import grant

revision = "registry_0027"
down_revision = "registry_0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE need_answer ADD COLUMN taken_back_at timestamptz, ADD COLUMN taken_back_by text, "
        "ADD COLUMN reason text"
    )
    grant("need_answer", api="UPDATE (taken_back_at, taken_back_by, reason)")
    grant("need_survey", api="UPDATE (state, ends_on)")
