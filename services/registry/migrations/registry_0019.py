"""Individuals: contacts with them, invitations to teams (ADR 0059)."""

from alembic import op

from shared.store.ddl import secure

revision = "registry_0019"
down_revision = "registry_0017"
branch_labels = None
depends_on = None

STATEMENTS = (
    # The note is about a person, so it is sealed; it goes with them, and after two years.
    """
    CREATE TABLE individual_contact (
        district     text NOT NULL,
        id           uuid NOT NULL,
        volunteer_id uuid NOT NULL,
        contacted_on date NOT NULL,
        way          text NOT NULL,
        outcome      text NOT NULL,
        note         bytea NOT NULL,
        noted_by     text NOT NULL,
        noted_at     timestamptz NOT NULL,
        PRIMARY KEY (district, id),
        FOREIGN KEY (district, volunteer_id) REFERENCES volunteer
    )
    """,
    "CREATE INDEX individual_contact_day ON individual_contact (district, volunteer_id, contacted_on)",
    """
    CREATE TABLE team_invitation (
        district     text NOT NULL,
        id           uuid NOT NULL,
        volunteer_id uuid NOT NULL,
        team_id      uuid NOT NULL,
        why          jsonb,
        state        text NOT NULL,
        answer_by    timestamptz NOT NULL,
        invited_by   text NOT NULL,
        invited_at   timestamptz NOT NULL,
        answered_at  timestamptz,
        version      int NOT NULL CHECK (version > 0),
        PRIMARY KEY (district, id),
        FOREIGN KEY (district, volunteer_id) REFERENCES volunteer,
        FOREIGN KEY (district, team_id) REFERENCES team
    )
    """,
    "CREATE UNIQUE INDEX team_invitation_once ON team_invitation (district, volunteer_id, team_id) "
    "WHERE state = 'invited'",
    "CREATE INDEX team_invitation_volunteer ON team_invitation (district, volunteer_id, id)",
    "CREATE INDEX team_invitation_state ON team_invitation (district, state, id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    # The worker deletes what is overdue, and what is of somebody who is erased; it reads no note.
    secure(
        "individual_contact",
        api="SELECT, INSERT",
        worker="SELECT (district, volunteer_id, noted_at, ctid), DELETE",
    )
    secure("team_invitation", api="SELECT, INSERT, UPDATE", worker="SELECT, UPDATE")
