"""The part's table, as ``migrations`` makes it."""

from sqlalchemy import JSON, Column, Integer, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import TIMESTAMP

metadata = MetaData()

message = Table(
    "message",
    metadata,
    Column("district", Text, primary_key=True),
    Column("event_id", Uuid, primary_key=True),
    Column("recipient_id", Uuid, primary_key=True),
    Column("template", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("occurred_at", TIMESTAMP(timezone=True), nullable=False),
    Column("read_at", TIMESTAMP(timezone=True)),
    Column("shape", Integer, nullable=False),
)
