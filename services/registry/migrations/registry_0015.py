"""People end their registration, and are erased when nothing binds their data any more (ADR 0054).

Whoever has ended it has no index by which a person is found; the key of their data goes when they are erased.
"""

from alembic import op

from shared.store.ddl import grant, let_in_worker, secure

revision = "registry_0015"
down_revision = "registry_0014"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE volunteer ADD COLUMN restricted_at timestamptz, ADD COLUMN bound_until date, "
    "ADD COLUMN erased_at timestamptz",
    # Code of before reads nobody without these: until the new one runs, nobody ends their registration.
    """
    -- squawk-ignore ban-drop-not-null
    ALTER TABLE volunteer ALTER COLUMN blind_index DROP NOT NULL, ALTER COLUMN digest DROP NOT NULL
    """,
    """
    -- squawk-ignore ban-drop-not-null
    ALTER TABLE volunteer ALTER COLUMN wrapped_key DROP NOT NULL, ALTER COLUMN personal_data DROP NOT NULL
    """,
    # asked: what is to stand there, and why it is wrong, sealed; it goes with the answer.
    """
    CREATE TABLE correction (
        district     text NOT NULL,
        id           uuid NOT NULL,
        volunteer_id uuid NOT NULL,
        field        text NOT NULL,
        asked        bytea,
        state        text NOT NULL CHECK (state IN ('open', 'accepted', 'refused', 'dropped')),
        asked_at     timestamptz NOT NULL,
        due_on       date NOT NULL,
        answered_at  timestamptz,
        answer       text,
        version      int NOT NULL,
        PRIMARY KEY (district, id),
        FOREIGN KEY (district, volunteer_id) REFERENCES volunteer,
        CONSTRAINT correction_asked CHECK ((state = 'open') = (asked IS NOT NULL))
    )
    """,
    "CREATE INDEX correction_volunteer ON correction (district, volunteer_id, id)",
    "CREATE UNIQUE INDEX correction_open ON correction (district, volunteer_id, field) WHERE state = 'open'",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("correction", api="SELECT, INSERT, UPDATE", worker="SELECT, DELETE")
    grant("account", worker="SELECT, DELETE")
    let_in_worker("session", "SELECT, DELETE")
    let_in_worker("second_factor", "SELECT, DELETE")
    grant("log_in_name", worker="SELECT, DELETE")
    grant("outside_identity", worker="SELECT, DELETE")
    grant("access_log", worker="INSERT")
