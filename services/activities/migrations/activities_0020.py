"""What surveys have found that communities need, and which community a station is in."""

from alembic import op

from shared.store.ddl import secure

revision = "activities_0020"
down_revision = "activities_0019"
branch_labels = None
depends_on = None

STATEMENTS = (
    # communities: code -> name; answered: code -> people; by_theme: code -> theme -> people
    """
    CREATE TABLE known_need_survey (
        district    text NOT NULL,
        id          uuid NOT NULL,
        number      int NOT NULL,
        title       text NOT NULL,
        starts_on   date NOT NULL,
        ends_on     date NOT NULL,
        closed      boolean NOT NULL,
        themes      jsonb NOT NULL,
        communities jsonb NOT NULL,
        answered    jsonb NOT NULL,
        by_theme    jsonb NOT NULL,
        version     int NOT NULL,
        PRIMARY KEY (district, id)
    )
    """,
    # Of stations that registry told of before, it is known by their next event or by a replay: another shape.
    "ALTER TABLE known_station ADD COLUMN division_code text, ADD COLUMN shape int NOT NULL DEFAULT 1",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("known_need_survey", api="SELECT", worker="SELECT, INSERT, UPDATE, DELETE")
