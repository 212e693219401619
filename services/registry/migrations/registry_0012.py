"""The network: guiding bodies, joint operators, head teams, requests to form a team, staff of stations (ADR 0051)."""

from alembic import op

from shared.store.ddl import grant, secure

revision = "registry_0012"
down_revision = "registry_0011"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE guiding_body (
        district  text NOT NULL REFERENCES district,
        id        uuid NOT NULL,
        code      text NOT NULL,
        name      text NOT NULL,
        version   int NOT NULL,
        PRIMARY KEY (district, id),
        UNIQUE (district, code)
    )
    """,
    "ALTER TABLE organisation ADD COLUMN host_unit text, ADD COLUMN parent_code text, ADD COLUMN guiding_body_id uuid",
    "ALTER TABLE station ADD COLUMN operators jsonb NOT NULL DEFAULT '[]'",
    "ALTER TABLE team ADD COLUMN is_head boolean, ADD COLUMN merged_into_id uuid",
    """
    CREATE TABLE team_formation (
        district              text NOT NULL,
        id                    uuid NOT NULL,
        name                  text NOT NULL,
        kind                  text NOT NULL,
        organisation_id       uuid,
        station_id            uuid,
        focus_service         text,
        purpose               text NOT NULL,
        state                 text NOT NULL,
        asked_by              text NOT NULL,
        asked_by_volunteer_id uuid,
        asked_at              timestamptz NOT NULL,
        answered_at           timestamptz,
        reason                text NOT NULL,
        team_id               uuid,
        version               int NOT NULL,
        PRIMARY KEY (district, id),
        FOREIGN KEY (district, organisation_id) REFERENCES organisation,
        FOREIGN KEY (district, station_id) REFERENCES station,
        FOREIGN KEY (district, team_id) REFERENCES team
    )
    """,
    """
    CREATE TABLE station_staff (
        district    text NOT NULL,
        id          uuid NOT NULL,
        station_id  uuid NOT NULL,
        sealed_name bytea NOT NULL,
        employment  text NOT NULL,
        source      text NOT NULL,
        since       date NOT NULL,
        until       date,
        version     int NOT NULL,
        PRIMARY KEY (district, id),
        FOREIGN KEY (district, station_id) REFERENCES station
    )
    """,
    "CREATE INDEX station_staff_station ON station_staff (district, station_id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("guiding_body", api="SELECT, INSERT, UPDATE", worker="SELECT, INSERT, UPDATE")
    secure("team_formation", api="SELECT, INSERT, UPDATE", worker="SELECT")
    secure("station_staff", api="SELECT, INSERT, UPDATE", worker="SELECT")
    grant("team", api="INSERT, UPDATE")
    grant("organisation", api="UPDATE (host_unit, parent_code, guiding_body_id)")
    grant("station", api="UPDATE (operators)")
