"""The part's tables, as ``migrations`` makes them."""

from sqlalchemy import Boolean, Column, DateTime, Integer, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

metadata = MetaData()

activity = Table(
    "activity",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("title", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("station_id", Uuid, nullable=False),
    Column("place", Text, nullable=False),
    Column("person_in_charge", Text, nullable=False),
    Column("risk_text", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("published_by", Text, nullable=False),
    Column("published_at", DateTime(timezone=True), nullable=False),
    Column("version", Integer, nullable=False),
    Column("organiser_id", Uuid),
    Column("cancelled_at", DateTime(timezone=True)),
    Column("cancelled_reason", Text),
    Column("rules_version", Integer, nullable=False),
    Column("dangerous", Boolean, nullable=False),
    Column("needs", ARRAY(Text), nullable=False),
)
shift = Table(
    "shift",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("activity_id", Uuid, nullable=False),
    Column("starts_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("taken", Integer, nullable=False),
    Column("waiting", Integer, nullable=False),
    Column("next_queue_number", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("cancelled_at", DateTime(timezone=True)),
    Column("cancelled_reason", Text),
    Column("closed_at", DateTime(timezone=True)),
)
