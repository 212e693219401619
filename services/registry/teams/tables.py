"""The part's tables, as ``migrations`` makes them."""

from sqlalchemy import Column, DateTime, Integer, MetaData, Table, Text, Uuid

metadata = MetaData()

team_formation = Table(
    "team_formation",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("organisation_id", Uuid),
    Column("station_id", Uuid),
    Column("focus_service", Text),
    Column("purpose", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_by_volunteer_id", Uuid),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("answered_at", DateTime(timezone=True)),
    Column("reason", Text, nullable=False),
    Column("team_id", Uuid),
    Column("version", Integer, nullable=False),
)
