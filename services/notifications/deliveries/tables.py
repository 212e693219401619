"""The part's table, as ``migrations`` makes it."""

from sqlalchemy import Column, Integer, MetaData, PrimaryKeyConstraint, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import TIMESTAMP

metadata = MetaData()

delivery = Table(
    "delivery",
    metadata,
    Column("district", Text, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("channel", Text, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("queued_at", TIMESTAMP(timezone=True), nullable=False),
    Column("recipient_id", Uuid, nullable=False),
    Column("shape", Integer, nullable=False),
    Column("put_off_since", TIMESTAMP(timezone=True)),
    Column("sent_again", Integer, nullable=False),
    PrimaryKeyConstraint("district", "event_id", "recipient_id", "channel"),
)
