"""The part's tables, as ``migrations`` makes them."""

from sqlalchemy import Column, DateTime, Integer, LargeBinary, MetaData, Table, Text, Uuid

metadata = MetaData()

contact = Table(
    "contact",
    metadata,
    Column("district", Text, primary_key=True),
    Column("volunteer_id", Uuid, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)
closed_volunteer = Table(
    "closed_volunteer",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("restricted_at", DateTime(timezone=True), nullable=False),
    Column("version", Integer, nullable=False),
)
merged_volunteer = Table(
    "merged_volunteer",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("kept_id", Uuid),
    Column("version", Integer, nullable=False),
)
