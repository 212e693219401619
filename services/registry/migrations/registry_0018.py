"""Rule documents by version, and who was asked for which and has accepted it (ADR 0058)."""

from alembic import op

from shared.store.ddl import secure

revision = "registry_0018"
down_revision = "registry_0017"
branch_labels = None
depends_on = None

STATEMENTS = (
    # A row a version of a document: published once, never changed.
    """
    CREATE TABLE rule_document (
        district      text NOT NULL,
        id            uuid NOT NULL,
        version       int NOT NULL CHECK (version > 0),
        title         text NOT NULL,
        text          text NOT NULL,
        in_force_from date NOT NULL,
        required_from date NOT NULL,
        published_at  timestamptz NOT NULL,
        published_by  text NOT NULL,
        PRIMARY KEY (district, id, version),
        CHECK (required_from >= in_force_from)
    )
    """,
    # asked_at: the office has reminded them; version: how many events there are of it.
    """
    CREATE TABLE rule_acceptance (
        district         text NOT NULL,
        document_id      uuid NOT NULL,
        document_version int NOT NULL,
        volunteer_id     uuid NOT NULL,
        asked_at         timestamptz,
        accepted_at      timestamptz,
        channel          text,
        version          int NOT NULL CHECK (version > 0),
        PRIMARY KEY (district, document_id, document_version, volunteer_id),
        CHECK (num_nonnulls(asked_at, accepted_at) > 0),
        CHECK ((accepted_at IS NULL) = (channel IS NULL)),
        FOREIGN KEY (district, document_id, document_version) REFERENCES rule_document,
        FOREIGN KEY (district, volunteer_id) REFERENCES volunteer
    )
    """,
    "CREATE INDEX rule_acceptance_volunteer ON rule_acceptance (district, volunteer_id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    secure("rule_document", api="SELECT, INSERT", worker="SELECT")
    secure("rule_acceptance", api="SELECT, INSERT, UPDATE", worker="SELECT, INSERT")
