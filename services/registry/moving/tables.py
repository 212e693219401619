"""The part's table, as ``migrations`` makes it."""

from sqlalchemy import Column, Date, DateTime, LargeBinary, MetaData, Table, Text, Uuid

metadata = MetaData()

move = Table(
    "move",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("from_district", Text, nullable=False),
    Column("volunteer_id", Uuid, nullable=False),
    Column("number", Text, nullable=False),
    Column("sealed", LargeBinary),
    Column("state", Text, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("due_on", Date, nullable=False),
    Column("answered_at", DateTime(timezone=True)),
    Column("answer", Text),
)
