"""Registry's tables."""

from alembic import op

from shared.store.ddl import grant, secure

revision = "registry_0001"
down_revision = None
branch_labels = ("registry",)
depends_on = ("kit_0001",)

STATEMENTS = (
    # The list of districts is public. Its row is the lock on a district's roster and the source of volunteer numbers.
    """
    CREATE TABLE district (
        code        text PRIMARY KEY CHECK (code ~ '^[0-9]{6}$'),
        name        text NOT NULL,
        last_serial bigint NOT NULL DEFAULT 0,
        opened_at   timestamptz NOT NULL DEFAULT clock_timestamp()
    )
    """,
    """
    CREATE TABLE division (
        district    text NOT NULL REFERENCES district,
        code        text NOT NULL,
        level       text NOT NULL CHECK (level IN ('county', 'township', 'community')),
        name        text NOT NULL,
        parent_code text NOT NULL,
        PRIMARY KEY (district, code)
    )
    """,
    """
    CREATE TABLE organisation (
        district  text NOT NULL REFERENCES district,
        id        uuid NOT NULL,
        code      text NOT NULL,
        name      text NOT NULL,
        kind      text NOT NULL,
        longitude double precision,
        latitude  double precision,
        version   int NOT NULL CHECK (version > 0),
        PRIMARY KEY (district, id),
        UNIQUE (district, code)
    )
    """,
    """
    CREATE TABLE station (
        district        text NOT NULL REFERENCES district,
        id              uuid NOT NULL,
        code            text NOT NULL,
        name            text NOT NULL,
        level           text NOT NULL CHECK (level IN ('centre', 'station')),
        division_code   text NOT NULL,
        longitude       double precision,
        latitude        double precision,
        opened_on       date,
        volunteer_quota int NOT NULL CHECK (volunteer_quota >= 0),
        demand          jsonb NOT NULL,
        version         int NOT NULL CHECK (version > 0),
        PRIMARY KEY (district, id),
        UNIQUE (district, code),
        FOREIGN KEY (district, division_code) REFERENCES division
    )
    """,
    """
    CREATE TABLE team (
        district        text NOT NULL REFERENCES district,
        id              uuid NOT NULL,
        code            text NOT NULL,
        name            text NOT NULL,
        kind            text NOT NULL,
        organisation_id uuid,
        station_id      uuid,
        focus_service   text,
        version         int NOT NULL CHECK (version > 0),
        PRIMARY KEY (district, id),
        UNIQUE (district, code),
        FOREIGN KEY (district, organisation_id) REFERENCES organisation,
        FOREIGN KEY (district, station_id) REFERENCES station
    )
    """,
    # The blind index is the same in every district: one person may serve in two, once in each.
    """
    CREATE TABLE volunteer (
        district        text NOT NULL REFERENCES district,
        id              uuid NOT NULL,
        number          text NOT NULL,
        blind_index     bytea NOT NULL,
        wrapped_key     bytea NOT NULL,
        personal_data   bytea NOT NULL,
        category        text NOT NULL,
        organisation_id uuid,
        team_id         uuid,
        community       text,
        skills          text[] NOT NULL,
        services        text[] NOT NULL,
        language        text NOT NULL,
        registered_on   date NOT NULL,
        source          text NOT NULL CHECK (source IN ('self', 'organisation', 'import')),
        digest          bytea NOT NULL,
        version         int NOT NULL CHECK (version > 0),
        PRIMARY KEY (district, id),
        UNIQUE (district, number),
        UNIQUE (district, blind_index)
    )
    """,
    # Who came earlier in a roster that is being imported; emptied when its import ends.
    """
    CREATE TABLE roster_line (
        district    text NOT NULL,
        import_id   uuid NOT NULL,
        blind_index bytea NOT NULL,
        number      text NOT NULL,
        PRIMARY KEY (district, import_id, blind_index),
        UNIQUE (district, import_id, number)
    )
    """,
    """
    CREATE TABLE account (
        district      text NOT NULL,
        id            uuid NOT NULL,
        user_name     text NOT NULL,
        password_hash text NOT NULL,
        roles         text[] NOT NULL,
        units         uuid[] NOT NULL,
        volunteer_id  uuid,
        created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (district, id),
        UNIQUE (district, volunteer_id)
    )
    """,
    # Log-in knows a name and no district yet: this one table leads from the one to the other.
    """
    CREATE TABLE log_in_name (
        name       text PRIMARY KEY,
        belongs_to text NOT NULL,
        account_id uuid NOT NULL
    )
    """,
    """
    CREATE TABLE signing_key (
        id          text PRIMARY KEY,
        public_key  bytea NOT NULL,
        sealed_key  bytea NOT NULL,
        created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
        replaced_at timestamptz
    )
    """,
    "CREATE UNIQUE INDEX signing_key_current ON signing_key ((true)) WHERE replaced_at IS NULL",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grant("district", api="SELECT, INSERT, UPDATE", worker="SELECT, UPDATE")
    secure("division", api="SELECT", worker="SELECT, INSERT, UPDATE")
    secure("organisation", api="SELECT", worker="SELECT, INSERT, UPDATE")
    secure("station", api="SELECT", worker="SELECT, INSERT, UPDATE")
    secure("team", api="SELECT", worker="SELECT, INSERT, UPDATE")
    secure("volunteer", api="SELECT, INSERT", worker="SELECT, INSERT, UPDATE")
    secure("roster_line", worker="SELECT, INSERT, DELETE")
    secure("account", api="SELECT, INSERT, UPDATE")
    grant("log_in_name", api="SELECT, INSERT")
    grant("signing_key", api="SELECT, INSERT, UPDATE")
