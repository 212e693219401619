"""How good services were, as their organisers say."""

from alembic import op

from shared.store.ddl import secure

revision = "assessment_0003"
down_revision = "assessment_0002"
branch_labels = None
depends_on = ("kit_0005",)  # current_districts()

# id: of the service record; version: of its last rating.
STATEMENTS = (
    """
    CREATE TABLE organiser_rating (
        district     text NOT NULL,
        id           uuid NOT NULL,
        volunteer_id uuid NOT NULL,
        rating       int NOT NULL CHECK (rating BETWEEN 1 AND 5),
        version      int NOT NULL,
        PRIMARY KEY (district, id)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("organiser_rating", api="SELECT", worker="SELECT, INSERT, UPDATE")
