"""Activities, shifts, sign-ups, service records, and what is known of registry's volunteers and stations."""

from alembic import op

from shared.store.ddl import grant, secure

revision = "activities_0001"
down_revision = None
branch_labels = ("activities",)
depends_on = ("kit_0001",)

STATEMENTS = (
    """
    CREATE TABLE activity (
        district         text NOT NULL,
        id               uuid NOT NULL,
        title            text NOT NULL,
        service          text NOT NULL,
        station_id       uuid NOT NULL,
        place            text NOT NULL,
        person_in_charge text NOT NULL,
        risk_text        text NOT NULL,
        description      text NOT NULL,
        published_by     text NOT NULL,
        published_at     timestamptz NOT NULL,
        version          int NOT NULL,
        PRIMARY KEY (district, id)
    )
    """,
    # Updated by every group of sign-ups: room in its page keeps those updates off the indexes.
    """
    CREATE TABLE shift (
        district          text NOT NULL,
        id                uuid NOT NULL,
        activity_id       uuid NOT NULL,
        starts_at         timestamptz NOT NULL,
        ends_at           timestamptz NOT NULL CHECK (ends_at > starts_at),
        capacity          int NOT NULL CHECK (capacity > 0),
        taken             int NOT NULL DEFAULT 0 CHECK (taken BETWEEN 0 AND capacity),
        waiting           int NOT NULL DEFAULT 0 CHECK (waiting >= 0 AND (waiting = 0 OR taken = capacity)),
        next_queue_number int NOT NULL DEFAULT 1,
        version           int NOT NULL DEFAULT 1,
        PRIMARY KEY (district, id),
        FOREIGN KEY (district, activity_id) REFERENCES activity (district, id)
    ) WITH (fillfactor = 50)
    """,
    "CREATE INDEX shift_of_activity ON shift (district, activity_id, starts_at)",
    """
    CREATE TABLE sign_up (
        district      text NOT NULL,
        id            uuid NOT NULL,
        shift_id      uuid NOT NULL,
        volunteer_id  uuid NOT NULL,
        state         text NOT NULL
                      CHECK (state IN ('confirmed', 'waiting', 'withdrawn', 'attending', 'completed')),
        queue_number  int NOT NULL,
        checked_in_at timestamptz CHECK (checked_in_at IS NOT NULL OR state NOT IN ('attending', 'completed')),
        checked_in_by text CHECK (checked_in_by IN ('self_check_in', 'leader')),
        version       int NOT NULL,
        PRIMARY KEY (district, id),
        UNIQUE (district, shift_id, queue_number)
    )
    """,
    """
    CREATE UNIQUE INDEX sign_up_live ON sign_up (district, shift_id, volunteer_id) WHERE state <> 'withdrawn'
    """,
    "CREATE INDEX sign_up_of_volunteer ON sign_up (district, volunteer_id, id)",
    "CREATE INDEX sign_up_attending ON sign_up (district, volunteer_id) WHERE state = 'attending'",
    # digest: of the content as it was first recorded, so that a file can be read again after a correction.
    """
    CREATE TABLE service_record (
        district     text NOT NULL,
        id           uuid NOT NULL,
        record_no    text NOT NULL,
        volunteer_id uuid NOT NULL,
        station_id   uuid NOT NULL,
        activity     text NOT NULL,
        service      text NOT NULL,
        started_at   timestamptz NOT NULL,
        ended_at     timestamptz NOT NULL CHECK (ended_at > started_at),
        minutes      int NOT NULL CHECK (minutes >= 0),
        rating       int CHECK (rating BETWEEN 1 AND 5),
        provenance   text NOT NULL CHECK (provenance IN ('self_check_in', 'leader', 'import')),
        sign_up_id   uuid,
        import_id    uuid,
        digest       bytea NOT NULL,
        version      int NOT NULL,
        PRIMARY KEY (district, id),
        UNIQUE (district, record_no)
    )
    """,
    "CREATE INDEX service_record_of_volunteer ON service_record (district, volunteer_id, started_at)",
    """
    CREATE UNIQUE INDEX service_record_of_sign_up ON service_record (district, sign_up_id)
    WHERE sign_up_id IS NOT NULL
    """,
    "CREATE SEQUENCE attendance_record_number",
    # What one import has brought in so far; its ServiceRecordsImported is made of it.
    """
    CREATE TABLE record_import (
        district  text NOT NULL,
        import_id uuid NOT NULL,
        records   int NOT NULL,
        minutes   bigint NOT NULL,
        PRIMARY KEY (district, import_id)
    )
    """,
    # The numbers are unique in registry; events of two volunteers come in any order, so not necessarily here.
    """
    CREATE TABLE known_volunteer (
        district text NOT NULL,
        id       uuid NOT NULL,
        number   text NOT NULL,
        version  int NOT NULL,
        PRIMARY KEY (district, id)
    )
    """,
    "CREATE INDEX known_volunteer_number ON known_volunteer (district, number)",
    """
    CREATE TABLE known_station (
        district text NOT NULL,
        id       uuid NOT NULL,
        code     text NOT NULL,
        name     text NOT NULL,
        version  int NOT NULL,
        PRIMARY KEY (district, id)
    )
    """,
    "CREATE INDEX known_station_code ON known_station (district, code)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("activity", api="SELECT, INSERT")
    secure("shift", api="SELECT, INSERT, UPDATE")
    secure("sign_up", api="SELECT, INSERT, UPDATE", worker="SELECT")
    secure("service_record", api="SELECT, INSERT, UPDATE", worker="SELECT, INSERT")
    secure("record_import", worker="SELECT, INSERT, UPDATE")
    secure("known_volunteer", api="SELECT", worker="SELECT, INSERT, UPDATE")
    secure("known_station", api="SELECT", worker="SELECT, INSERT, UPDATE")
    grant("SEQUENCE attendance_record_number", api="USAGE")
