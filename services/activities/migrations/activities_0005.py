"""Attendance true to life: codes, check-outs, forgotten check-outs, missed shifts, shifts that are closed."""

from alembic import op

from shared.store.ddl import secure

revision = "activities_0005"
down_revision = "activities_0004"
branch_labels = None
depends_on = None

STATEMENTS = (
    # Some of the states are those of signing up alone.
    "ALTER TABLE sign_up DROP CONSTRAINT IF EXISTS sign_up_state_check",
    """
    ALTER TABLE sign_up ADD CONSTRAINT sign_up_state_check CHECK (state IN (
        'confirmed', 'waiting', 'offered', 'asked_again', 'withdrawn', 'cancelled',
        'attending', 'completed', 'missing_check_out'
    ))
    """,
    "ALTER TABLE sign_up DROP CONSTRAINT IF EXISTS sign_up_checked_in_by_check",
    # inside: whether the phone said it was at the place, where its owner let it; the point itself goes nowhere.
    # code_from: when the last code that was accepted began to be shown; an older one is accepted no more (RFC 6238).
    """
    ALTER TABLE sign_up
        ADD COLUMN IF NOT EXISTS absence text CHECK (absence IN ('late_withdrawal', 'no_show')),
        ADD COLUMN inside boolean,
        ADD COLUMN code_from timestamptz,
        ADD COLUMN checked_out_at timestamptz,
        ADD COLUMN checked_out_by text CHECK (checked_out_by IN ('self_check_in', 'leader', 'kiosk', 'offline')),
        ADD CONSTRAINT sign_up_checked_in_by_check
            CHECK (checked_in_by IN ('self_check_in', 'leader', 'kiosk', 'offline'))
    """,
    "CREATE INDEX IF NOT EXISTS sign_up_absent ON sign_up (district, volunteer_id) WHERE absence IS NOT NULL",
    "ALTER TABLE shift ADD COLUMN closed_at timestamptz",
    # The secret is encrypted with the service's key (attendance/codes.py).
    """
    CREATE TABLE shift_code (
        district text NOT NULL,
        shift_id uuid NOT NULL,
        secret   bytea NOT NULL,
        PRIMARY KEY (district, shift_id)
    )
    """,
    # How often somebody has typed a code since a moment.
    """
    CREATE TABLE code_try (
        district     text NOT NULL,
        volunteer_id uuid NOT NULL,
        since        timestamptz NOT NULL,
        tries        int NOT NULL,
        PRIMARY KEY (district, volunteer_id)
    )
    """,
    # Rights are widened below: of what has policies, they are made anew.
    "DROP POLICY IF EXISTS own_districts ON activity",
    "DROP POLICY IF EXISTS every_district ON activity",
    "DROP POLICY IF EXISTS every_district ON shift",
    "DROP POLICY IF EXISTS every_district ON sign_up",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("shift_code", api="SELECT, INSERT")
    secure("code_try", api="SELECT, INSERT, UPDATE, DELETE")
    # a closed shift is a change of its activity; the clock closes forgotten check-outs
    secure("activity", api="SELECT, INSERT, UPDATE (version)", worker="SELECT")
    secure("shift", worker="SELECT")
    secure("sign_up", worker="SELECT, UPDATE")
