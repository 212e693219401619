"""Which tokens are revoked, as registry tells of it (ADR 0022)."""

from alembic import op

from shared.store.ddl import OWN_DISTRICTS, secure, service

revision = "kit_0008"
down_revision = "kit_0007"
branch_labels = None
depends_on = None

# A row an account that ever had tokens revoked; a process looks at those of the last minutes alone.
STATEMENTS = (
    """
    CREATE TABLE revocation (
        district        text NOT NULL,
        account_id      uuid NOT NULL,
        minimum_version int NOT NULL,
        ended_sessions  uuid[] NOT NULL,
        changed_at      timestamptz NOT NULL,
        PRIMARY KEY (district, account_id)
    )
    """,
    "CREATE INDEX revocation_changed ON revocation (changed_at)",
)
# Whoever checks tokens checks those of every district. The second condition holds for every row, and has the planner
# raise over an empty table too where no district is set (as in shared/store/ddl.py, whose form it does not do that by).
SEEN = f"""
    ({OWN_DISTRICTS} OR '*' = ANY ((SELECT current_districts())::text[]))
    AND (district <> '' OR '*' = ANY (current_districts()))
"""


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    api = "SELECT, INSERT, UPDATE" if service() == "registry" else "SELECT"
    secure("revocation", api=api, worker="SELECT, INSERT, UPDATE, DELETE")
    op.execute(f"ALTER POLICY own_districts ON revocation USING ({SEEN})")
