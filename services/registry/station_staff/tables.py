"""The part's tables, as ``migrations`` makes them."""

from sqlalchemy import Column, Date, Integer, LargeBinary, MetaData, Table, Text, Uuid

metadata = MetaData()

station_staff = Table(
    "station_staff",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("station_id", Uuid, nullable=False),
    Column("sealed_name", LargeBinary, nullable=False),
    Column("employment", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("since", Date, nullable=False),
    Column("until", Date),
    Column("version", Integer, nullable=False),
)
