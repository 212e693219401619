"""Overlap across shifts, offers of free places, editing and cancelling what is published, groups, late withdrawals.

A sign-up has its shift's times beside its own state, so that what somebody has taken up is one index scan
(``sign_up_live``, led by the volunteer now). The api locks volunteers' rows (``FOR NO KEY UPDATE``) while it decides
about them, for which PostgreSQL asks for a right to update a column; it changes none.
"""

from alembic import op

from shared.store.ddl import grant, secure, service

revision = "activities_0004"
down_revision = "activities_0003"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    ALTER TABLE activity
        ADD COLUMN organiser_id uuid,
        ADD COLUMN cancelled_at timestamptz,
        ADD COLUMN cancelled_reason text CHECK ((cancelled_reason IS NULL) = (cancelled_at IS NULL))
    """,
    # A place may be free while people wait: they serve elsewhere, are a group too large, or it is too late to ask.
    """
    ALTER TABLE shift
        ADD COLUMN cancelled_at timestamptz,
        ADD COLUMN cancelled_reason text CHECK ((cancelled_reason IS NULL) = (cancelled_at IS NULL)),
        DROP CONSTRAINT shift_check2,
        ADD CONSTRAINT nobody_counts_as_less_than_waiting CHECK (waiting >= 0)
    """,
    """
    ALTER TABLE sign_up
        ADD COLUMN starts_at timestamptz,
        ADD COLUMN ends_at timestamptz,
        ADD COLUMN group_id uuid,
        ADD COLUMN answer_by timestamptz,
        ADD COLUMN absence text CHECK (absence IN ('late_withdrawal', 'no_show')),
        DROP CONSTRAINT sign_up_state_check,
        ADD CONSTRAINT sign_up_state_check CHECK (state IN ('confirmed', 'waiting', 'offered', 'asked_again',
            'attending', 'completed', 'withdrawn', 'cancelled')),
        ADD CONSTRAINT an_answer_has_a_date CHECK ((answer_by IS NOT NULL) = (state IN ('offered', 'asked_again')))
    """,
    "DROP INDEX sign_up_live",
    """
    CREATE UNIQUE INDEX sign_up_live ON sign_up (district, volunteer_id, shift_id)
    WHERE state NOT IN ('withdrawn', 'cancelled')
    """,
    """
    CREATE INDEX sign_up_unanswered ON sign_up (district, shift_id, answer_by) WHERE state IN ('offered', 'asked_again')
    """,
    "CREATE INDEX sign_up_absent ON sign_up (district, volunteer_id) WHERE absence IS NOT NULL",
    # Of volunteers whom registry told of before, the team is known by its next event or by a replay: another shape.
    "ALTER TABLE known_volunteer ADD COLUMN team_id uuid, ADD COLUMN shape int NOT NULL DEFAULT 1",
)
FILL = """
    UPDATE sign_up u SET starts_at = s.starts_at, ends_at = s.ends_at
    FROM shift s WHERE s.district = u.district AND s.id = u.shift_id
"""


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("shift", worker="SELECT, UPDATE (taken, waiting, version)")
    secure("activity", worker="SELECT")
    grant("sign_up", worker="UPDATE (state, starts_at, ends_at, answer_by, absence, version)")
    grant(
        "activity",
        api="UPDATE (title, service, place, person_in_charge, risk_text, description, version, cancelled_at,"
        " cancelled_reason)",
    )
    grant("known_volunteer", api="UPDATE (version)")
    op.execute(f"SET LOCAL ROLE {service()}_worker")  # the owner sees no district's rows
    op.execute(FILL)
    op.execute("RESET ROLE")
    op.execute("ALTER TABLE sign_up ALTER COLUMN starts_at SET NOT NULL, ALTER COLUMN ends_at SET NOT NULL")
