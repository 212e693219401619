"""The shape of the part's tables. The migrations make them; a test compares the two."""

from sqlalchemy import Column, Integer, MetaData, Table, Text, Uuid

metadata = MetaData()

award = Table(
    "award",
    metadata,
    Column("district", Text, primary_key=True),
    Column("volunteer_id", Uuid, primary_key=True),
    Column("stars", Integer, nullable=False),
    Column("version", Integer, nullable=False),
)
stars_before_merge = Table(
    "stars_before_merge",
    metadata,
    Column("district", Text, primary_key=True),
    Column("volunteer_id", Uuid, primary_key=True),
    Column("stars", Integer, nullable=False),
)
