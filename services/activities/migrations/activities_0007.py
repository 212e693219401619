"""A sign-up that ended because nobody answered keeps the date that it was to be answered by."""

from alembic import op

revision = "activities_0007"
down_revision = "activities_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE sign_up
            DROP CONSTRAINT an_answer_has_a_date,
            ADD CONSTRAINT an_answer_has_a_date CHECK (
                CASE WHEN state IN ('offered', 'asked_again') THEN answer_by IS NOT NULL
                     WHEN state = 'withdrawn' THEN true
                     ELSE answer_by IS NULL END
            )
    """)
