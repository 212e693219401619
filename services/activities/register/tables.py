"""The part's tables, as ``migrations`` makes them."""

from sqlalchemy import Column, Date, DateTime, Integer, MetaData, Table, Text, Uuid

metadata = MetaData()

known_volunteer = Table(
    "known_volunteer",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("number", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("team_id", Uuid),
    Column("shape", Integer, nullable=False),
)
known_station = Table(
    "known_station",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("closed_on", Date),
)
closed_volunteer = Table(
    "closed_volunteer",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("restricted_at", DateTime(timezone=True), nullable=False),
    Column("version", Integer, nullable=False),
)
