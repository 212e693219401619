"""The part's table, as ``migrations`` makes it."""

from sqlalchemy import Column, Integer, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import TIMESTAMP

metadata = MetaData()

delivery = Table(
    "delivery",
    metadata,
    Column("district", Text, primary_key=True),
    Column("event_id", Uuid, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("attempts", Integer, nullable=False),
    Column("due_at", TIMESTAMP(timezone=True), nullable=False),
    Column("queued_at", TIMESTAMP(timezone=True), nullable=False),
)
