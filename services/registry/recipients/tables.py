"""The part's tables, as ``migrations`` makes them."""

from sqlalchemy import Column, Date, DateTime, Integer, LargeBinary, MetaData, Table, Text, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

metadata = MetaData()

household = Table(
    "household",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("station_id", Uuid, nullable=False),
    Column("groups", ARRAY(Text), nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("closed_on", Date),
    Column("version", Integer, nullable=False),
    UniqueConstraint("district", "number"),
)
household_assignment = Table(
    "household_assignment",
    metadata,
    Column("district", Text, primary_key=True),
    Column("household_id", Uuid, primary_key=True),
    Column("account_id", Uuid, primary_key=True),
    Column("assigned_at", DateTime(timezone=True), nullable=False),
)
household_file = Table(
    "household_file",
    metadata,
    Column("district", Text, primary_key=True),
    Column("household_id", Uuid, primary_key=True),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
pairing = Table(
    "pairing",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("household_id", Uuid, nullable=False),
    Column("volunteer_id", Uuid),
    Column("team_id", Uuid),
    Column("rhythm", Text, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date),
    Column("ended_on", Date),
    Column("version", Integer, nullable=False),
)
pairing_visit = Table(
    "pairing_visit",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("pairing_id", Uuid, nullable=False),
    Column("volunteer_id", Uuid, nullable=False),
    Column("visited_on", Date, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("note", LargeBinary, nullable=False),
)
