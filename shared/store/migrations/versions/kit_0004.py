"""What operators watch: how old the oldest transaction is that vacuum has to wait for."""

from alembic import op

from shared.store.ddl import service

revision = "kit_0004"
down_revision = "kit_0003"
branch_labels = None
depends_on = None

# A session sees of other roles' sessions only that they are there. The owner, with whom no process runs, may read them
# (``pg_read_all_stats``, granted where the roles are made), and lets the worker know this one number.
STATEMENTS = (
    """
    CREATE FUNCTION oldest_xmin_seconds() RETURNS double precision
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT coalesce(extract(epoch FROM clock_timestamp() - min(xact_start)), 0)::double precision
        FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
          AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)
    $$
    """,
    "REVOKE EXECUTE ON FUNCTION oldest_xmin_seconds() FROM PUBLIC",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    op.execute(f"GRANT EXECUTE ON FUNCTION oldest_xmin_seconds() TO {service()}_worker")
