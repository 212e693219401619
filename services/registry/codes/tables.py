"""The part's table, as ``migrations`` makes it."""

from sqlalchemy import Column, DateTime, Integer, LargeBinary, MetaData, Table, Text, Uuid

metadata = MetaData()

one_time_code = Table(
    "one_time_code",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("destination", LargeBinary, nullable=False),
    Column("subject", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("wrong_tries", Integer, nullable=False),
    Column("used_at", DateTime(timezone=True)),
)
