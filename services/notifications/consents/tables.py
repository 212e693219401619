"""The part's table, as ``migrations`` makes it."""

from sqlalchemy import Boolean, Column, Integer, MetaData, Table, Text, Uuid

metadata = MetaData()

notice_consent = Table(
    "notice_consent",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("volunteer_id", Uuid, nullable=False),
    Column("given", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
)
