"""A sheet of a survey can be taken back; the office ends a survey early, and a version of a rule document."""

from alembic import op

from shared.store.ddl import grant

revision = "registry_0027"
down_revision = "registry_0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE need_answer ADD COLUMN taken_back_at timestamptz, ADD COLUMN taken_back_by text, "
        "ADD COLUMN reason text"
    )
    # ended_with: the version whose end was this one's too
    op.execute(
        "ALTER TABLE rule_document ADD COLUMN ended_at timestamptz, ADD COLUMN ended_by text, "
        "ADD COLUMN end_reason text, ADD COLUMN ended_with int"
    )
    grant("need_answer", api="UPDATE (taken_back_at, taken_back_by, reason)")
    grant("need_survey", api="UPDATE (state, ends_on)")
    grant("rule_document", api="UPDATE (ended_at, ended_by, end_reason, ended_with)")
