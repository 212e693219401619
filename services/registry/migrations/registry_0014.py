"""Consents have numbers and events; organisations and guardians speak for others; who is a minor is on file."""

from alembic import op

from shared.store.ddl import let_in_worker, secure, service

revision = "registry_0014"
down_revision = "registry_0013"
branch_labels = None
depends_on = None

ORGANISATION_STATEMENT = """
    CREATE TABLE organisation_statement (
        district   text NOT NULL,
        id         uuid NOT NULL,
        subject_id uuid NOT NULL,
        source     text NOT NULL,
        statement  text NOT NULL,
        stated_by  text NOT NULL,
        stated_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (district, id)
    )
"""
GUARDIAN = """
    CREATE TABLE guardian (
        district     text NOT NULL,
        id           uuid NOT NULL,
        volunteer_id uuid NOT NULL,
        sealed       bytea NOT NULL,
        text_version text NOT NULL,
        agreed_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (district, id)
    )
"""
# Who is a minor is in sealed data: the worker finds out (services/registry/people/coming_of_age.py).
FIND_MINORS = """
    INSERT INTO work (district, id, kind, payload, due_at)
    SELECT district, gen_random_uuid(), 'minors', '{}', clock_timestamp()
    FROM (SELECT DISTINCT district FROM volunteer) v
"""
# What was stated before has no event yet: the worker tells of it (services/registry/consents/announcing.py).
ANNOUNCE = """
    INSERT INTO work (district, id, kind, payload, due_at)
    SELECT district, gen_random_uuid(), 'consent_events', '{}', clock_timestamp()
    FROM (SELECT DISTINCT district FROM consent) c
"""


def upgrade() -> None:
    op.execute("ALTER TABLE consent ADD COLUMN version int")
    let_in_worker("consent", "SELECT, UPDATE")
    op.execute(ORGANISATION_STATEMENT)
    op.execute(
        "CREATE INDEX organisation_statement_subject ON organisation_statement (district, subject_id, stated_at)"
    )
    secure("organisation_statement", api="SELECT, INSERT")
    op.execute(GUARDIAN)
    op.execute("CREATE INDEX guardian_volunteer ON guardian (district, volunteer_id, agreed_at)")
    secure("guardian", api="SELECT, INSERT", worker="SELECT, DELETE")
    op.execute("""
        ALTER TABLE volunteer ADD COLUMN minor boolean NOT NULL DEFAULT false,
                              ADD COLUMN guardian_agreed boolean NOT NULL DEFAULT false
    """)
    op.execute(f"SET LOCAL ROLE {service()}_worker")  # the owner sees no district's rows
    op.execute(ANNOUNCE)
    op.execute(FIND_MINORS)
    op.execute("RESET ROLE")
