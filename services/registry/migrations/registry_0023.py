"""Surveys of needs with their answers, and agreements between universities and stations."""

from alembic import op

from shared.store.ddl import secure

revision = "registry_0023"
down_revision = "registry_0021"
branch_labels = None
depends_on = None

STATEMENTS = (
    # communities: code -> name, as they were when the survey was made
    """
    CREATE TABLE need_survey (
        district    text NOT NULL,
        id          uuid NOT NULL,
        number      int NOT NULL,
        title       text NOT NULL,
        starts_on   date NOT NULL,
        ends_on     date NOT NULL CHECK (ends_on >= starts_on),
        themes      jsonb NOT NULL,
        communities jsonb NOT NULL,
        state       text NOT NULL,
        made_by     text NOT NULL,
        made_at     timestamptz NOT NULL,
        version     int NOT NULL,
        PRIMARY KEY (district, id),
        UNIQUE (district, number)
    )
    """,
    # by_theme: theme -> how many of those who have answered need it. Nobody is named: entered_by is whose account
    # has entered a sheet, and of what the public has answered there is none.
    """
    CREATE TABLE need_answer (
        district   text NOT NULL,
        id         uuid NOT NULL,
        survey_id  uuid NOT NULL,
        community  text NOT NULL,
        answered   int NOT NULL CHECK (answered > 0),
        by_theme   jsonb NOT NULL,
        source     text NOT NULL,
        sheet_no   text,
        entered_by text,
        entered_at timestamptz NOT NULL,
        PRIMARY KEY (district, id),
        UNIQUE (district, survey_id, sheet_no),
        FOREIGN KEY (district, survey_id) REFERENCES need_survey
    )
    """,
    """
    CREATE TABLE university_agreement (
        district        text NOT NULL,
        id              uuid NOT NULL,
        organisation_id uuid NOT NULL,
        station_id      uuid NOT NULL,
        starts_on       date NOT NULL,
        ends_on         date NOT NULL CHECK (ends_on >= starts_on),
        students        int NOT NULL CHECK (students > 0),
        purpose         text NOT NULL,
        ended_on        date,
        reason          text CHECK ((reason IS NULL) = (ended_on IS NULL)),
        entered_by      text NOT NULL,
        entered_at      timestamptz NOT NULL,
        version         int NOT NULL,
        PRIMARY KEY (district, id),
        FOREIGN KEY (district, organisation_id) REFERENCES organisation,
        FOREIGN KEY (district, station_id) REFERENCES station
    )
    """,
    "CREATE INDEX university_agreement_pair ON university_agreement (district, station_id, organisation_id)",
    "CREATE INDEX university_agreement_organisation ON university_agreement (district, organisation_id)",
    "CREATE INDEX need_answer_community ON need_answer (district, survey_id, community)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    # Whoever enters an answer holds the survey (FOR SHARE), for which the right to change one column is needed.
    secure("need_survey", api="SELECT, INSERT, UPDATE (version)", worker="SELECT, UPDATE")
    secure("university_agreement", api="SELECT, INSERT, UPDATE", worker="SELECT, UPDATE (version)")
    secure("need_answer", api="SELECT, INSERT", worker="SELECT, INSERT, UPDATE")
