"""The kit's tables, the same in every service."""

from alembic import op

from shared.store.ddl import grant, secure

revision = "kit_0001"
down_revision = None
branch_labels = ("kit",)
depends_on = None

STATEMENTS = (
    """
    CREATE FUNCTION current_districts() RETURNS text[] LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
    DECLARE codes text := nullif(current_setting('app.districts', true), '');
    BEGIN
        IF codes IS NULL THEN
            RAISE EXCEPTION 'no district is set for this transaction' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN string_to_array(codes, ',');
    END $$
    """,  # databases from before kit_0005 had current_district(), of one
    """
    CREATE TABLE event_log (
        district          text NOT NULL CHECK (district ~ '^[0-9]{6}$'),
        position          bigint GENERATED ALWAYS AS IDENTITY,
        event_id          uuid NOT NULL,
        topic             text NOT NULL,
        aggregate_id      uuid NOT NULL,
        aggregate_version int NOT NULL CHECK (aggregate_version > 0),
        type              text NOT NULL,
        occurred_at       timestamptz NOT NULL,
        caused_by         text NOT NULL,
        traceparent       text,
        data              json NOT NULL,
        PRIMARY KEY (district, position),
        UNIQUE (district, aggregate_id, aggregate_version)
    )
    """,
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    # A row either points to an event of the same position or carries a raw record (state, or a dead letter's copy).
    # Its key starts with the position, not the district: it is the relay's queue across districts.
    """
    CREATE TABLE outbox (
        position    bigint PRIMARY KEY,
        district    text NOT NULL,
        raw_topic   text,
        raw_key     bytea,
        raw_value   bytea,
        raw_headers json
    ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)
    """,
    """
    CREATE TABLE consumer_offset (
        consumer    text NOT NULL,
        topic       text NOT NULL,
        partition   int NOT NULL,
        next_offset bigint NOT NULL,
        PRIMARY KEY (consumer, topic, partition)
    )
    """,
    """
    CREATE TABLE inbox (
        consumer text NOT NULL,
        event_id uuid NOT NULL,
        PRIMARY KEY (consumer, event_id)
    )
    """,
    """
    CREATE TABLE dead_letter (
        id         uuid PRIMARY KEY,
        consumer   text NOT NULL,
        topic      text NOT NULL,
        partition  int NOT NULL,
        "offset"   bigint NOT NULL,
        key        bytea,
        value      bytea,
        headers    json NOT NULL,
        reason     text NOT NULL,
        message    text NOT NULL,
        state      text NOT NULL DEFAULT 'parked' CHECK (state IN ('parked', 'redriven', 'discarded')),
        parked_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
        settled_at timestamptz,
        UNIQUE (consumer, topic, partition, "offset")
    )
    """,
    "CREATE INDEX dead_letter_parked ON dead_letter (consumer, topic, key) WHERE state = 'parked'",
    """
    CREATE TABLE idempotency_key (
        district    text NOT NULL,
        account     text NOT NULL,
        key         text NOT NULL,
        fingerprint bytea NOT NULL,
        status      int,
        body        bytea,
        created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (district, account, key)
    )
    """,
    """
    CREATE TABLE import_job (
        district     text NOT NULL,
        id           uuid NOT NULL,
        kind         text NOT NULL,
        file_name    text NOT NULL,
        content      bytea,
        requested_by text NOT NULL,
        state        text NOT NULL CHECK (state IN ('waiting', 'running', 'publishing', 'completed', 'failed')),
        fault        text,
        total        int,
        done         int NOT NULL DEFAULT 0,
        accepted     int NOT NULL DEFAULT 0,
        normalised   int NOT NULL DEFAULT 0,
        unchanged    int NOT NULL DEFAULT 0,
        rejected     int NOT NULL DEFAULT 0,
        last_position bigint,
        created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
        completed_at timestamptz,
        PRIMARY KEY (district, id)
    )
    """,
    "CREATE INDEX import_job_open ON import_job (created_at) WHERE state NOT IN ('completed', 'failed')",
    # One row a chunk, not a line: 250,000 verdicts are read as one file and never searched.
    """
    CREATE TABLE import_verdict (
        district   text NOT NULL,
        import_id  uuid NOT NULL,
        first_line int NOT NULL,
        verdicts   json NOT NULL,
        PRIMARY KEY (district, import_id, first_line)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("event_log", api="SELECT, INSERT", worker="SELECT, INSERT")
    secure("outbox", api="INSERT", worker="SELECT, INSERT, DELETE")
    grant("SEQUENCE event_log_position_seq", api="USAGE", worker="USAGE, SELECT")
    secure("idempotency_key", api="SELECT, INSERT, UPDATE, DELETE", worker="SELECT, DELETE")
    secure("import_job", api="SELECT, INSERT", worker="SELECT, UPDATE")
    secure("import_verdict", api="SELECT", worker="SELECT, INSERT")
    grant("consumer_offset", worker="SELECT, INSERT, UPDATE", api="SELECT")
    grant("inbox", worker="SELECT, INSERT, DELETE")
    grant("dead_letter", worker="SELECT, INSERT, UPDATE")
