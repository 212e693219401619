"""A guardian is told what a minor is told, and takes their consent back themselves (rows 5, 58)."""

from alembic import op

from shared.store.ddl import grant, service

revision = "registry_0021"
down_revision = "registry_0017"
branch_labels = None
depends_on = None

# Where guardians on file are reached is sealed: the worker tells (services/registry/consents/announcing.py).
PUBLISH_GUARDIANS = """
    INSERT INTO work (district, id, kind, payload, due_at)
    SELECT district, gen_random_uuid(), 'guardian_contacts', '{}', clock_timestamp()
    FROM (SELECT DISTINCT district FROM volunteer WHERE guardian_agreed) v
"""


def upgrade() -> None:
    op.execute("ALTER TABLE guardian ADD COLUMN withdrawn_at timestamptz")
    grant("guardian", api="UPDATE (withdrawn_at)")
    op.execute(f"SET LOCAL ROLE {service()}_worker")  # the owner sees no district's rows
    op.execute(PUBLISH_GUARDIANS)
    op.execute("RESET ROLE")
