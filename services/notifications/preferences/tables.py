"""The part's table, as ``migrations`` makes it."""

from sqlalchemy import Column, MetaData, Table, Text, Time, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

metadata = MetaData()

preference = Table(
    "preference",
    metadata,
    Column("district", Text, primary_key=True),
    Column("recipient_id", Uuid, primary_key=True),
    Column("unwanted", ARRAY(Text), nullable=False),
    Column("quiet_from", Time),
    Column("quiet_until", Time),
)
