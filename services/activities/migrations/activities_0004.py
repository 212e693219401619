"""What the pages look things up by: shifts by their start, activities by their station."""

from alembic import op

revision = "activities_0004"
down_revision = "activities_0001"
branch_labels = None
depends_on = None

STATEMENTS = (
    # None of these columns changes with a sign-up: its updates of a shift's row stay off this index too.
    "CREATE INDEX shift_by_start ON shift (district, starts_at, id)",
    "CREATE INDEX activity_of_station ON activity (district, station_id, id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
