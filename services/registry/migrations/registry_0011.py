"""Allocations of students to stations, and the places that they propose (ADR 0050)."""

from alembic import op

from shared.store.ddl import secure

revision = "registry_0011"
down_revision = "registry_0009"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE allocation (
        district     text NOT NULL,
        id           uuid NOT NULL,
        previous_id  uuid,
        state        text NOT NULL,
        capacity_use int NOT NULL,
        answer_by    timestamptz NOT NULL,
        asked_at     timestamptz NOT NULL,
        approved_at  timestamptz,
        plan         json,
        version      int NOT NULL,
        PRIMARY KEY (district, id),
        FOREIGN KEY (district, previous_id) REFERENCES allocation
    )
    """,
    """
    CREATE TABLE placement (
        district      text NOT NULL,
        id            uuid NOT NULL,
        allocation_id uuid NOT NULL,
        volunteer_id  uuid NOT NULL,
        station_id    uuid NOT NULL,
        service       text NOT NULL,
        state         text NOT NULL,
        answer_by     timestamptz NOT NULL,
        answered_at   timestamptz,
        reason        json NOT NULL,
        replaces_id   uuid,
        version       int NOT NULL,
        PRIMARY KEY (district, id),
        UNIQUE (district, allocation_id, volunteer_id),
        FOREIGN KEY (district, allocation_id) REFERENCES allocation,
        FOREIGN KEY (district, volunteer_id) REFERENCES volunteer,
        FOREIGN KEY (district, station_id) REFERENCES station
    )
    """,
    "CREATE INDEX placement_volunteer ON placement (district, volunteer_id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("allocation", api="SELECT, INSERT, UPDATE", worker="SELECT, UPDATE")
    secure("placement", api="SELECT, UPDATE", worker="SELECT, INSERT, UPDATE")
