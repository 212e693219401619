"""Who has moved in is found without a look at everybody (ADR 0065)."""

from shared.store.ddl import build_index

revision = "registry_0029"
down_revision = "registry_0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    build_index("volunteer_moved_in", "volunteer (district, number) WHERE moved_from IS NOT NULL")
