"""The ledger, hours, awards, progress of imports, rule sets, and what is known of registry's people and places."""

from alembic import op

from shared.store.ddl import secure

revision = "assessment_0001"
down_revision = None
branch_labels = ("assessment",)
depends_on = ("kit_0001",)

STATEMENTS = (
    # version: of the service record, 1 for its credit. The key is the ledger's own inbox: no record is credited twice.
    """
    CREATE TABLE ledger_entry (
        district       text NOT NULL,
        record_id      uuid NOT NULL,
        version        int NOT NULL,
        kind           text NOT NULL CHECK (kind IN ('credit', 'reversal', 'correction')),
        volunteer_id   uuid NOT NULL,
        minutes        int NOT NULL CHECK (CASE kind WHEN 'reversal' THEN minutes <= 0 ELSE minutes >= 0 END),
        provenance     text NOT NULL CHECK (provenance IN ('self_check_in', 'leader', 'import')),
        station_id     uuid NOT NULL,
        service        text NOT NULL,
        activity_title text NOT NULL,
        started_at     timestamptz NOT NULL,
        service_on     date NOT NULL,
        rating         smallint CHECK (rating BETWEEN 1 AND 5),
        import_id      uuid,
        event_id       uuid NOT NULL,
        recorded_at    timestamptz NOT NULL,
        PRIMARY KEY (district, record_id, version, kind)
    )
    """,
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    "CREATE INDEX ledger_entry_of_volunteer ON ledger_entry (district, volunteer_id, started_at)",
    """
    CREATE TABLE volunteer_hours (
        district     text NOT NULL,
        volunteer_id uuid NOT NULL,
        minutes      bigint NOT NULL,
        sessions     int NOT NULL,
        PRIMARY KEY (district, volunteer_id)
    ) WITH (fillfactor = 70)
    """,
    # version: of everything assessment has announced about this volunteer, so that hours and stars keep their order.
    """
    CREATE TABLE award (
        district     text NOT NULL,
        volunteer_id uuid NOT NULL,
        stars        int NOT NULL CHECK (stars >= 0),
        version      int NOT NULL,
        PRIMARY KEY (district, volunteer_id)
    )
    """,
    """
    CREATE TABLE import_progress (
        district         text NOT NULL,
        import_id        uuid NOT NULL,
        expected_records int,
        expected_minutes bigint,
        credited_records int NOT NULL DEFAULT 0,
        credited_minutes bigint NOT NULL DEFAULT 0,
        closed           boolean NOT NULL DEFAULT false,
        PRIMARY KEY (district, import_id)
    )
    """,
    """
    CREATE TABLE rule_set (
        district       text NOT NULL,
        name           text NOT NULL,
        effective_from date NOT NULL,
        rules          json NOT NULL,
        PRIMARY KEY (district, name)
    )
    """,
    """
    CREATE TABLE known_volunteer (
        district        text NOT NULL,
        id              uuid NOT NULL,
        number          text NOT NULL,
        category        text NOT NULL,
        organisation_id uuid,
        team_id         uuid,
        version         int NOT NULL,
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
    """
    CREATE TABLE known_team (
        district text NOT NULL,
        id       uuid NOT NULL,
        code     text NOT NULL,
        name     text NOT NULL,
        version  int NOT NULL,
        PRIMARY KEY (district, id)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("ledger_entry", api="SELECT", worker="SELECT, INSERT")
    for table in ("volunteer_hours", "award", "import_progress", "known_volunteer", "known_station", "known_team"):
        secure(table, api="SELECT", worker="SELECT, INSERT, UPDATE")
    secure("rule_set", api="SELECT", worker="SELECT")
