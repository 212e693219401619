"""Training and invitations follow to the entry that is kept (ADR 0060)."""

from alembic import op

revision = "registry_0026"
down_revision = "registry_0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What it guarantees is only widened: nobody who runs meanwhile writes or wants anything else.
    op.execute("""
        -- squawk-ignore ban-drop-constraint
        ALTER TABLE followed_row DROP CONSTRAINT followed_row_kind_check
    """)
    # Not checked against what is there: all of it has passed the narrower one.
    op.execute("""
        ALTER TABLE followed_row ADD CONSTRAINT followed_row_kind_check
        CHECK (kind IN ('pairing', 'pairing_ended', 'pairing_visit', 'placement', 'qualification',
                        'training_delivery', 'team_invitation')) NOT VALID
    """)
