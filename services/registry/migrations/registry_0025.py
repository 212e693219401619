"""Who is merged into somebody is found without a look at everybody (ADR 0060)."""

from shared.store.ddl import build_index

revision = "registry_0025"
down_revision = "registry_0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    build_index("volunteer_merged", "volunteer (district, merged_into_id) WHERE merged_into_id IS NOT NULL")
