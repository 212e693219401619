"""Individuals: contacts with them, invitations to teams; training material and who has got it (ADR 0059)."""

from alembic import op

from shared.store.ddl import secure

revision = "registry_0019"
down_revision = "registry_0018"
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
    # A document is sealed under a key of its own; the quiz is a list of questions, choices, and which one is right.
    """
    CREATE TABLE training_material (
        district      text NOT NULL,
        id            uuid NOT NULL,
        subject       text NOT NULL,
        body          text NOT NULL,
        wrapped_key   bytea,
        document      bytea,
        document_type text,
        quiz          jsonb NOT NULL,
        pass_mark     int NOT NULL,
        added_by      text NOT NULL,
        added_at      timestamptz NOT NULL,
        PRIMARY KEY (district, id),
        CHECK (num_nulls(wrapped_key, document, document_type) IN (0, 3))
    )
    """,
    """
    CREATE TABLE training_delivery (
        district     text NOT NULL,
        id           uuid NOT NULL,
        material_id  uuid NOT NULL,
        volunteer_id uuid NOT NULL,
        delivered_at timestamptz NOT NULL,
        read_at      timestamptz,
        tries        int NOT NULL,
        best         int NOT NULL,
        passed_at    timestamptz,
        version      int NOT NULL CHECK (version > 0),
        PRIMARY KEY (district, id),
        UNIQUE (district, material_id, volunteer_id),
        FOREIGN KEY (district, material_id) REFERENCES training_material,
        FOREIGN KEY (district, volunteer_id) REFERENCES volunteer
    )
    """,
    "CREATE INDEX training_delivery_volunteer ON training_delivery (district, volunteer_id, id)",
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
    secure("training_material", api="SELECT, INSERT", worker="SELECT (district, id, subject, pass_mark)")
    secure("training_delivery", api="SELECT, UPDATE", worker="SELECT, INSERT")
