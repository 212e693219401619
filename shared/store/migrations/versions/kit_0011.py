"""The janitor may delete what is past its retention (``shared/store/retention.py``)."""

from shared.store.ddl import grant

revision = "kit_0011"
down_revision = "kit_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("import_job", "import_verdict", "dead_letter", "projection_comparison", "missing_event_count"):
        grant(table, worker="DELETE")
