"""Guardians are told too and take their consent back themselves; staff read a minor's data with an approval alone."""

from alembic import op

from shared.store.ddl import grant, secure, service

revision = "registry_0021"
down_revision = "registry_0020"
branch_labels = None
depends_on = None

# Where guardians on file are reached is sealed: the worker tells (services/registry/consents/announcing.py).
PUBLISH_GUARDIANS = """
    INSERT INTO work (district, id, kind, payload, due_at)
    SELECT district, gen_random_uuid(), 'guardian_contacts', '{}', clock_timestamp()
    FROM (SELECT DISTINCT district FROM volunteer WHERE guardian_agreed) v
"""
MINOR_READING = """
    CREATE TABLE minor_reading (
        district     text NOT NULL,
        id           uuid NOT NULL,
        volunteer_id uuid NOT NULL,
        purpose      text NOT NULL,
        reason       text NOT NULL,
        asked_by     text NOT NULL,
        asked_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
        state        text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'approved', 'refused')),
        answered_by  text,
        answered_at  timestamptz,
        answer       text NOT NULL DEFAULT '',
        good_until   timestamptz,
        readings     int NOT NULL DEFAULT 0,
        last_read_at timestamptz,
        PRIMARY KEY (district, id),
        FOREIGN KEY (district, volunteer_id) REFERENCES volunteer,
        CHECK (answered_by <> asked_by)
    )
"""


def upgrade() -> None:
    op.execute("ALTER TABLE guardian ADD COLUMN withdrawn_at timestamptz")
    grant("guardian", api="UPDATE (withdrawn_at)")
    op.execute(MINOR_READING)
    op.execute("CREATE INDEX minor_reading_volunteer ON minor_reading (district, volunteer_id, asked_by)")
    secure(
        "minor_reading",
        api="SELECT, INSERT, UPDATE (state, answered_by, answered_at, answer, good_until, readings, last_read_at)",
        worker="SELECT, DELETE",
    )
    op.execute("ALTER TABLE access_log ADD COLUMN approval_id uuid")
    op.execute(f"SET LOCAL ROLE {service()}_worker")  # the owner sees no district's rows
    op.execute(PUBLISH_GUARDIANS)
    op.execute("RESET ROLE")
