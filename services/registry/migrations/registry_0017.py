"""Households that are looked after, who is assigned to them, and long pairings (ADR 0056)."""

from alembic import op

from shared.store.ddl import secure

revision = "registry_0017"
down_revision = "registry_0016"
branch_labels = None
depends_on = None

STATEMENTS = (
    # What staff see. groups: what everybody else is shown of those who live there, the same for several categories.
    """
    CREATE TABLE household (
        district   text NOT NULL,
        id         uuid NOT NULL,
        number     int NOT NULL,
        station_id uuid NOT NULL,
        groups     text[] NOT NULL,
        opened_on  date NOT NULL,
        closed_on  date,
        version    int NOT NULL CHECK (version > 0),
        PRIMARY KEY (district, id),
        UNIQUE (district, number),
        FOREIGN KEY (district, station_id) REFERENCES station
    )
    """,
    """
    CREATE TABLE household_assignment (
        district     text NOT NULL,
        household_id uuid NOT NULL,
        account_id   uuid NOT NULL,
        assigned_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (district, household_id, account_id),
        FOREIGN KEY (district, household_id) REFERENCES household,
        FOREIGN KEY (district, account_id) REFERENCES account
    )
    """,
    # All else, sealed under the household's own key, all of one length. The row goes, and nothing can be read any more.
    """
    CREATE TABLE household_file (
        district     text NOT NULL,
        household_id uuid NOT NULL,
        wrapped_key  bytea NOT NULL,
        content      bytea NOT NULL,
        PRIMARY KEY (district, household_id),
        FOREIGN KEY (district, household_id) REFERENCES household
    )
    """,
    """
    CREATE TABLE pairing (
        district     text NOT NULL,
        id           uuid NOT NULL,
        household_id uuid NOT NULL,
        volunteer_id uuid,
        team_id      uuid,
        rhythm       text NOT NULL,
        starts_on    date NOT NULL,
        ends_on      date,
        ended_on     date,
        version      int NOT NULL CHECK (version > 0),
        PRIMARY KEY (district, id),
        CHECK (num_nonnulls(volunteer_id, team_id) = 1),
        FOREIGN KEY (district, household_id) REFERENCES household,
        FOREIGN KEY (district, volunteer_id) REFERENCES volunteer,
        FOREIGN KEY (district, team_id) REFERENCES team
    )
    """,
    "CREATE UNIQUE INDEX pairing_once ON pairing (district, household_id, coalesce(volunteer_id, team_id)) "
    "WHERE ended_on IS NULL",
    "CREATE INDEX pairing_household ON pairing (district, household_id)",
    "CREATE INDEX pairing_volunteer ON pairing (district, volunteer_id)",
    """
    CREATE TABLE pairing_visit (
        district     text NOT NULL,
        id           uuid NOT NULL,
        pairing_id   uuid NOT NULL,
        volunteer_id uuid NOT NULL,
        visited_on   date NOT NULL,
        minutes      int NOT NULL,
        note         bytea NOT NULL,
        PRIMARY KEY (district, id),
        FOREIGN KEY (district, pairing_id) REFERENCES pairing,
        FOREIGN KEY (district, volunteer_id) REFERENCES volunteer
    )
    """,
    "CREATE INDEX pairing_visit_day ON pairing_visit (district, pairing_id, visited_on)",
)
# Beside the policy of districts, not in its place: the api reads and writes a household's file for nobody but those who
# are assigned to it, whatever a statement asks for. The transaction says for whom it is; where it does not, no row is.
ASSIGNED_ALONE = """
    CREATE POLICY assigned_alone ON household_file AS RESTRICTIVE TO registry_api
    USING (EXISTS (
        SELECT FROM household_assignment a
        WHERE a.district = household_file.district AND a.household_id = household_file.household_id
          AND a.account_id = CAST(nullif(current_setting('app.case_worker', true), '') AS uuid)))
"""


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("household", api="SELECT, INSERT, UPDATE", worker="SELECT")
    secure("household_assignment", api="SELECT, INSERT, DELETE", worker="SELECT, DELETE")
    # The worker deletes what is overdue, and reads none of it.
    secure(
        "household_file", api="SELECT, INSERT, UPDATE, DELETE", worker="SELECT (district, household_id, ctid), DELETE"
    )
    op.execute(ASSIGNED_ALONE)
    secure("pairing", api="SELECT, INSERT, UPDATE")
    secure("pairing_visit", api="SELECT, INSERT")
