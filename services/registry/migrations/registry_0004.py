"""People are found by name and phone tail; a number's log-in name is its district's."""

from alembic import op

from shared.store.ddl import grant, service

revision = "registry_0004"
down_revision = "registry_0003"
branch_labels = None
depends_on = ("kit_0007",)

STATEMENTS = ("ALTER TABLE volunteer ADD COLUMN name_index bytea, ADD COLUMN phone_tail_index bytea",)
# The indexes need registry's key: its worker fills them (services/registry/people/search_index.py).
FILL_INDEXES = """
    INSERT INTO work (district, id, kind, payload, due_at)
    SELECT district, gen_random_uuid(), 'search_index', '{}', clock_timestamp()
    FROM (SELECT DISTINCT district FROM volunteer) v
"""


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grant("log_in_name", api="UPDATE (belongs_to, account_id)")
    op.execute(f"SET LOCAL ROLE {service()}_worker")  # the owner sees no district's rows
    op.execute(FILL_INDEXES)
    op.execute("RESET ROLE")
