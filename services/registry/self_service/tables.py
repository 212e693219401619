"""The part's table, as ``migrations`` makes it."""

from sqlalchemy import Boolean, Column, DateTime, MetaData, Table, Text, Uuid

metadata = MetaData()

consent = Table(
    "consent",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("volunteer_id", Uuid, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("text_version", Text, nullable=False),
    Column("given", Boolean, nullable=False),
    Column("channel", Text, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
)
