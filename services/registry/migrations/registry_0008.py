"""The janitor may delete what the access log no longer has to keep."""

from shared.store.ddl import let_in_worker

revision = "registry_0008"
down_revision = "registry_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    let_in_worker("access_log", "SELECT, DELETE")
