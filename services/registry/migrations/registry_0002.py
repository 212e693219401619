"""Organisations, stations and teams can be closed."""

from alembic import op

revision = "registry_0002"
down_revision = "registry_0001"
branch_labels = None
depends_on = None

ENTRIES = ("organisation", "station", "team")


def upgrade() -> None:
    for table in ENTRIES:
        op.execute(f"ALTER TABLE {table} ADD closed_on date")
        op.execute(f"GRANT UPDATE (closed_on, version) ON {table} TO registry_api")
