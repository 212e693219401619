"""The part's tables, as ``migrations`` makes them."""

from sqlalchemy import Column, DateTime, LargeBinary, MetaData, Table, Text, Uuid

metadata = MetaData()

calendar_feed = Table(
    "calendar_feed",
    metadata,
    Column("district", Text, primary_key=True),
    Column("volunteer_id", Uuid, primary_key=True),
    Column("token_hash", LargeBinary, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
)
