"""The part's table, as ``migrations`` makes it."""

from sqlalchemy import Column, Integer, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import TIMESTAMP

metadata = MetaData()

reminded_place = Table(
    "reminded_place",
    metadata,
    Column("district", Text, primary_key=True),
    Column("sign_up_id", Uuid, primary_key=True),
    Column("volunteer_id", Uuid, nullable=False),
    Column("activity_title", Text),
    Column("starts_at", TIMESTAMP(timezone=True)),
    Column("version", Integer, nullable=False),
)
