"""Work that must happen later (``shared/work``), and what of it was import jobs until now."""

from alembic import op

from shared.store.ddl import secure, service

revision = "kit_0007"
down_revision = "kit_0006"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE work (
        district    text NOT NULL,
        id          uuid NOT NULL,
        kind        text NOT NULL,
        lane        text,
        payload     json NOT NULL,
        state       text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'given_up', 'cancelled')),
        due_at      timestamptz NOT NULL,
        claimed_at  timestamptz,
        lease_until timestamptz,
        attempts    int NOT NULL DEFAULT 0,
        last_error  text,
        created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
        given_up_at timestamptz,
        PRIMARY KEY (district, id),
        CONSTRAINT claimed_with_a_lease CHECK ((claimed_at IS NULL) = (lease_until IS NULL)),
        CONSTRAINT only_open_work_is_claimed CHECK (claimed_at IS NULL OR state = 'open')
    ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)
    """,
    "CREATE INDEX work_due ON work (kind, due_at) WHERE state = 'open'",
    "CREATE INDEX work_lane ON work (district, lane, id) WHERE state = 'open' AND lane IS NOT NULL",
    "CREATE UNIQUE INDEX work_lane_taken ON work (district, lane) WHERE claimed_at IS NOT NULL AND lane IS NOT NULL",
    "DROP INDEX import_job_open",  # whoever took the oldest open job used it
)
# An import's item has the import's id (shared/imports/importer.py).
OPEN_IMPORTS = """
    INSERT INTO work (district, id, kind, lane, payload, due_at, created_at)
    SELECT district, id, CASE WHEN state = 'publishing' THEN 'import_publication' ELSE 'import' END,
           CASE WHEN state = 'publishing' THEN NULL ELSE 'import' END,
           CASE WHEN state = 'publishing' THEN json_build_object('last_position', last_position) ELSE '{}' END,
           created_at, created_at
    FROM import_job WHERE state NOT IN ('completed', 'failed')
"""


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("work", api="SELECT, INSERT", worker="SELECT, INSERT, UPDATE, DELETE")
    op.execute(f"SET LOCAL ROLE {service()}_worker")  # the owner sees no district's rows
    op.execute(OPEN_IMPORTS)
    op.execute("RESET ROLE")
