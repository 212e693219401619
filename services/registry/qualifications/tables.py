"""The part's table, as ``migrations`` makes it."""

from sqlalchemy import Column, Date, DateTime, Integer, LargeBinary, MetaData, Table, Text, Uuid

metadata = MetaData()

qualification = Table(
    "qualification",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("volunteer_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("expires_on", Date),
    Column("state", Text, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("details", LargeBinary, nullable=False),
    Column("evidence", LargeBinary),
    Column("evidence_type", Text),
    Column("submitted_at", DateTime(timezone=True), nullable=False),
    Column("decided_at", DateTime(timezone=True)),
    Column("decided_by", Text),
    Column("reason", Text),
    Column("ended_at", DateTime(timezone=True)),
    Column("version", Integer, nullable=False),
)
