"""The service's own tables, as ``migrations`` makes them."""

from sqlalchemy import JSON, Column, Integer, LargeBinary, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import TIMESTAMP

metadata = MetaData()


def _moment(name: str, *, nullable: bool = False) -> "Column[object]":
    return Column(name, TIMESTAMP(timezone=True), nullable=nullable)


message = Table(
    "message",
    metadata,
    Column("district", Text, primary_key=True),
    Column("event_id", Uuid, primary_key=True),
    Column("volunteer_id", Uuid, nullable=False),
    Column("template", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    _moment("occurred_at"),
    _moment("read_at", nullable=True),
)

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
    _moment("due_at"),
    _moment("queued_at"),
)

contact = Table(
    "contact",
    metadata,
    Column("district", Text, primary_key=True),
    Column("volunteer_id", Uuid, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)
