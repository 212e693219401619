"""Claims of volunteers, and the lists that are kept without a network."""

from alembic import op

from shared.store.ddl import secure

revision = "activities_0006"
down_revision = "activities_0005"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE claim (
        district       text NOT NULL,
        id             uuid NOT NULL,
        sign_up_id     uuid,
        record_id      uuid CHECK (record_id IS NOT NULL OR sign_up_id IS NOT NULL),
        volunteer_id   uuid NOT NULL,
        station_id     uuid NOT NULL,
        published_by   text NOT NULL,
        activity_title text NOT NULL,
        started_at     timestamptz NOT NULL,
        ended_at       timestamptz NOT NULL CHECK (ended_at > started_at),
        reason         text NOT NULL,
        state          text NOT NULL CHECK (state IN ('open', 'accepted', 'refused')),
        made_at        timestamptz NOT NULL,
        due_on         date NOT NULL,
        answered_at    timestamptz CHECK ((answered_at IS NULL) = (state = 'open')),
        answer         text,
        version        int NOT NULL,
        PRIMARY KEY (district, id)
    )
    """,
    "CREATE UNIQUE INDEX claim_open ON claim (district, coalesce(sign_up_id, record_id)) WHERE state = 'open'",
    "CREATE INDEX claim_due ON claim (district, due_on, id)",
    # A device keeps the list of one shift; offset_ms: how far the server's clock was ahead of its own then.
    """
    CREATE TABLE offline_device (
        district      text NOT NULL,
        id            uuid NOT NULL,
        shift_id      uuid NOT NULL,
        public_key    text NOT NULL,
        list_hash     bytea NOT NULL,
        offset_ms     bigint NOT NULL,
        registered_at timestamptz NOT NULL,
        registered_by text NOT NULL,
        expires_at    timestamptz NOT NULL,
        PRIMARY KEY (district, id)
    )
    """,
    "CREATE INDEX offline_device_of_shift ON offline_device (district, shift_id)",
    """
    CREATE TABLE offline_entry (
        district    text NOT NULL,
        id          uuid NOT NULL,
        shift_id    uuid NOT NULL,
        device_id   uuid NOT NULL,
        sequence    int NOT NULL,
        previous    bytea NOT NULL,
        hash        bytea NOT NULL,
        kind        text NOT NULL CHECK (kind IN ('check_in', 'check_out', 'clock')),
        sign_up_id  uuid,
        device_time timestamptz NOT NULL,
        server_time timestamptz,
        received_at timestamptz NOT NULL,
        verdict     text CHECK (verdict IN ('accepted', 'superseded', 'refused', 'waiting')),
        reason      text,
        counted_at  timestamptz,
        to_confirm  boolean,
        PRIMARY KEY (district, id),
        UNIQUE (district, device_id, sequence)
    )
    """,
    "CREATE INDEX offline_entry_of_shift ON offline_entry (district, shift_id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("claim", api="SELECT, INSERT, UPDATE")
    secure("offline_device", api="SELECT, INSERT, UPDATE")
    secure("offline_entry", api="SELECT, INSERT, UPDATE")
