"""The figures of everybody come in the order of their numbers, without sorting all of a district for each page."""

from shared.store.ddl import build_index

revision = "assessment_0002"
down_revision = "assessment_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    build_index("known_volunteer_number", "known_volunteer (district, number)")
