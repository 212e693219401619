"""Who enters a bulk of records sees to the planner's statistics of the tables they went into."""

from shared.store.ddl import grant

revision = "assessment_0010"
down_revision = "assessment_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("known_volunteer", "ledger_entry", "volunteer_hours", "award"):
        grant(table, worker="MAINTAIN")
