"""The standard of stations, what it is judged and computed by, and the network's targets (ADR 0052).

The worker gets to know which accounts manage a station: they are told when a criterion lapses.
"""

from alembic import op

from shared.store.ddl import let_in_worker, secure

revision = "registry_0013"
down_revision = "registry_0011"
branch_labels = None
depends_on = None

STATEMENTS = (
    # A projection: service records as activities tells of them, the last version of each.
    """
    CREATE TABLE station_service (
        district     text NOT NULL,
        record_id    uuid NOT NULL,
        station_id   uuid NOT NULL,
        volunteer_id uuid NOT NULL,
        service      text NOT NULL,
        served_on    date NOT NULL,
        minutes      int NOT NULL,
        version      int NOT NULL,
        PRIMARY KEY (district, record_id)
    )
    """,
    "CREATE INDEX station_service_day ON station_service (district, station_id, served_on) INCLUDE (minutes)",
    """
    CREATE TABLE district_standard (
        district   text NOT NULL PRIMARY KEY,
        template   text NOT NULL,
        adopted_by text NOT NULL,
        adopted_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE station_standing (
        district    text NOT NULL,
        station_id  uuid NOT NULL,
        id          uuid NOT NULL,
        status      text NOT NULL,
        since       date,
        template    text,
        reviewed_on date,
        review_on   date,
        version     int NOT NULL,
        PRIMARY KEY (district, station_id),
        FOREIGN KEY (district, station_id) REFERENCES station
    )
    """,
    """
    CREATE TABLE criterion_standing (
        district   text NOT NULL,
        station_id uuid NOT NULL,
        template   text NOT NULL,
        criterion  text NOT NULL,
        holds      boolean NOT NULL,
        cause      text NOT NULL,
        facts      json NOT NULL,
        since      date NOT NULL,
        expires_on date,
        PRIMARY KEY (district, station_id, template, criterion),
        FOREIGN KEY (district, station_id) REFERENCES station
    )
    """,
    """
    CREATE TABLE judgement (
        district   text NOT NULL,
        id         uuid NOT NULL,
        station_id uuid NOT NULL,
        template   text NOT NULL,
        criterion  text NOT NULL,
        holds      boolean NOT NULL,
        expires_on date NOT NULL,
        note       text NOT NULL,
        made_by    text NOT NULL,
        made_at    timestamptz NOT NULL,
        PRIMARY KEY (district, id),
        FOREIGN KEY (district, station_id) REFERENCES station
    )
    """,
    "CREATE INDEX judgement_station ON judgement (district, station_id, criterion, made_at)",
    # Sealed under a key of its own, which goes with the content when it is removed.
    """
    CREATE TABLE evidence (
        district    text NOT NULL,
        id          uuid NOT NULL,
        station_id  uuid NOT NULL,
        template    text NOT NULL,
        criterion   text NOT NULL,
        title       text NOT NULL,
        media_type  text NOT NULL,
        size        int NOT NULL,
        wrapped_key bytea,
        sealed      bytea,
        added_by    text NOT NULL,
        added_at    timestamptz NOT NULL,
        removed_at  timestamptz,
        PRIMARY KEY (district, id),
        FOREIGN KEY (district, station_id) REFERENCES station
    )
    """,
    "CREATE INDEX evidence_station ON evidence (district, station_id, criterion, added_at)",
    """
    CREATE TABLE network_plan (
        district   text NOT NULL,
        id         uuid NOT NULL,
        title      text NOT NULL,
        starts_on  date NOT NULL,
        due_on     date NOT NULL,
        quotas     json NOT NULL,
        at_start   json NOT NULL,
        made_by    text NOT NULL,
        made_at    timestamptz NOT NULL,
        settled_on date,
        ended_at   timestamptz,
        version    int NOT NULL,
        PRIMARY KEY (district, id)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("station_service", api="SELECT", worker="SELECT, INSERT, UPDATE")
    secure("district_standard", api="SELECT, INSERT, UPDATE", worker="SELECT")
    secure("station_standing", api="SELECT, INSERT, UPDATE", worker="SELECT, INSERT, UPDATE")
    secure("criterion_standing", api="SELECT, INSERT, UPDATE", worker="SELECT, INSERT, UPDATE")
    secure("judgement", api="SELECT, INSERT", worker="SELECT")
    secure("evidence", api="SELECT, INSERT, UPDATE")
    secure("network_plan", api="SELECT, INSERT, UPDATE", worker="SELECT, UPDATE")
    let_in_worker("account", "SELECT (district, roles, units, volunteer_id, locked_at)")
