"""The part's table, as ``migrations`` makes it."""

from sqlalchemy import Column, Date, DateTime, Integer, LargeBinary, MetaData, Table, Text, Uuid

metadata = MetaData()

correction = Table(
    "correction",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("volunteer_id", Uuid, nullable=False),
    Column("field", Text, nullable=False),
    Column("asked", LargeBinary),
    Column("state", Text, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("due_on", Date, nullable=False),
    Column("answered_at", DateTime(timezone=True)),
    Column("answer", Text),
    Column("version", Integer, nullable=False),
)
