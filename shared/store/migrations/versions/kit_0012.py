"""Of the names of files that were uploaded before, only their endings are kept (case X5)."""

from alembic import op

from shared.store.ddl import service

revision = "kit_0012"
down_revision = "kit_0014"
branch_labels = None
depends_on = None

STATEMENTS = (
    r"""
    UPDATE import_job
    SET file_name = kind || coalesce(lower(substring(
        file_name FROM '(?i)((\.(csv|txt|tsv|xlsx|xlsm|xlsb|xls|ods|et))?(\.gz)?)$')), '')
    """,
)


def upgrade() -> None:
    op.execute(f"SET LOCAL ROLE {service()}_worker")  # the owner sees no district's rows
    for statement in STATEMENTS:
        op.execute(statement)
    op.execute("RESET ROLE")
