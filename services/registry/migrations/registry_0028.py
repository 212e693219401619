"""People move to another district of the installation (ADR 0065)."""

from alembic import op

from shared.store.ddl import grant, secure

revision = "registry_0028"
down_revision = "registry_0027"
branch_labels = None
depends_on = None

STATEMENTS = (
    # Codes of the district somebody has come from, and of the one that they have gone to.
    "ALTER TABLE volunteer ADD COLUMN moved_from text, ADD COLUMN moved_to text",
    # district: the one that decides. sealed: how the person is named, masked, and why they move; it goes with the
    # answer.
    """
    CREATE TABLE move (
        district      text NOT NULL REFERENCES district,
        id            uuid NOT NULL,
        from_district text NOT NULL REFERENCES district,
        volunteer_id  uuid NOT NULL,
        number        text NOT NULL,
        sealed        bytea,
        state         text NOT NULL CHECK (state IN ('waiting', 'accepted', 'refused', 'taken_back', 'dropped')),
        asked_at      timestamptz NOT NULL,
        due_on        date NOT NULL,
        answered_at   timestamptz,
        answer        text,
        PRIMARY KEY (district, id),
        FOREIGN KEY (from_district, volunteer_id) REFERENCES volunteer,
        CHECK (district <> from_district),
        CONSTRAINT move_sealed CHECK ((state = 'waiting') = (sealed IS NOT NULL))
    )
    """,
    "CREATE UNIQUE INDEX move_waiting ON move (from_district, volunteer_id) WHERE state = 'waiting'",
    "CREATE INDEX move_volunteer ON move (volunteer_id, id)",
    "CREATE INDEX move_due ON move (district, due_on, id) WHERE state = 'waiting'",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("move", api="SELECT, INSERT, UPDATE", worker="SELECT, UPDATE, DELETE")
    grant("outside_identity", api="UPDATE (belongs_to)")
