"""The part's table, as ``migrations`` makes it."""

from sqlalchemy import Column, Date, DateTime, Integer, MetaData, Table, Text, Uuid

metadata = MetaData()

university_agreement = Table(
    "university_agreement",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("organisation_id", Uuid, nullable=False),
    Column("station_id", Uuid, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    Column("students", Integer, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("ended_on", Date),
    Column("reason", Text),
    Column("entered_by", Text, nullable=False),
    Column("entered_at", DateTime(timezone=True), nullable=False),
    Column("version", Integer, nullable=False),
)
