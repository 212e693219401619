"""The ledger, hours, awards, progress of imports, rule sets, and what is known of registry's people and places."""

from alembic import op

from shared.store.ddl import secure, service

revision = "assessment_0001"
down_revision = None
branch_labels = ("assessment",)
depends_on = ("kit_0001",)

STATEMENTS = (
    # version: of the service record; 1 is its credit. The key is the ledger's own inbox: nothing is entered twice.
    """
    CREATE TABLE ledger_entry (
        district       text NOT NULL,
        record_id      uuid NOT NULL,
        version        int NOT NULL CHECK (version > 0),
        kind           text NOT NULL CHECK (kind IN ('credit', 'reversal', 'correction')),
        volunteer_id   uuid NOT NULL,
        minutes        int NOT NULL CHECK (CASE kind WHEN 'reversal' THEN minutes < 0 ELSE minutes > 0 END),
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
        rule_set       text NOT NULL,
        PRIMARY KEY (district, record_id, version, kind),
        CHECK ((kind = 'credit') = (version = 1))
    )
    """,
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    "CREATE INDEX ledger_entry_of_volunteer ON ledger_entry (district, volunteer_id, started_at)",
    # Updated by nearly every batch: room in its pages keeps those updates off the index.
    """
    CREATE TABLE volunteer_hours (
        district     text NOT NULL,
        volunteer_id uuid NOT NULL,
        minutes      bigint NOT NULL,
        sessions     int NOT NULL,
        PRIMARY KEY (district, volunteer_id)
    ) WITH (fillfactor = 50)
    """,
    # version: of everything announced about this volunteer's account, so that hours and stars keep their order.
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
        district          text NOT NULL,
        name              text NOT NULL,
        effective_from    timestamptz NOT NULL,
        zone              text NOT NULL,
        star_hours        int[] NOT NULL,
        window_month      int NOT NULL CHECK (window_month BETWEEN 1 AND 12),
        window_day        int NOT NULL CHECK (window_day BETWEEN 1 AND 28),
        eligible_hours    int NOT NULL,
        eligible_months   int NOT NULL,
        nominated_percent int NOT NULL CHECK (nominated_percent BETWEEN 1 AND 100),
        full_hours        int NOT NULL CHECK (full_hours > 0),
        hours_weight      int NOT NULL,
        full_months       int NOT NULL CHECK (full_months > 0),
        months_weight     int NOT NULL,
        rating_weight     int NOT NULL,
        prior_ratings     int NOT NULL CHECK (prior_ratings > 0),
        prior_rating      int NOT NULL CHECK (prior_rating BETWEEN 1 AND 5),
        PRIMARY KEY (district, name),
        UNIQUE (district, effective_from)
    )
    """,
    # District 000000 is the platform: what holds where a district has no rule set of its own.
    """
    INSERT INTO rule_set
    SELECT district, name, '2000-01-01 00:00+08', 'Asia/Shanghai', '{100, 300, 600, 1000, 1500}',
           12, 5, 20, 3, 1, 100, 60, 12, 20, 20, 3, 4
    FROM (VALUES ('000000', 'default/2025.1'), ('510115', '510115/2025.1')) AS own(district, name)
    """,
    """
    CREATE TABLE known_volunteer (
        district        text NOT NULL,
        id              uuid NOT NULL,
        number          text NOT NULL,
        category        text NOT NULL,
        organisation_id uuid,
        version         int NOT NULL,
        PRIMARY KEY (district, id)
    )
    """,
    # Every team that a volunteer has been told to be of, and since when: a session counts for the team of its time.
    """
    CREATE TABLE team_membership (
        district     text NOT NULL,
        volunteer_id uuid NOT NULL,
        version      int NOT NULL,
        team_id      uuid,
        since        timestamptz NOT NULL,
        PRIMARY KEY (district, volunteer_id, version)
    )
    """,
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
    secure("team_membership", api="SELECT", worker="SELECT, INSERT")
    for table in ("volunteer_hours", "award", "import_progress", "known_volunteer", "known_station", "known_team"):
        secure(table, api="SELECT", worker="SELECT, INSERT, UPDATE")
    secure("rule_set", api="SELECT", worker="SELECT")
    op.execute(f"CREATE POLICY platform ON rule_set FOR SELECT TO {service()}_api USING (district = '000000')")
