"""The part's table, as ``migrations`` makes it."""

from sqlalchemy import Column, LargeBinary, MetaData, Table, Text, Uuid

metadata = MetaData()

contact = Table(
    "contact",
    metadata,
    Column("district", Text, primary_key=True),
    Column("volunteer_id", Uuid, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)
