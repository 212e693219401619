"""The part's table, as ``migrations`` makes it."""

from sqlalchemy import ARRAY, Column, DateTime, LargeBinary, MetaData, Table, Text, Uuid

metadata = MetaData()

session = Table(
    "session",
    metadata,
    Column("district", Text, primary_key=True),
    Column("secret_hash", LargeBinary, primary_key=True),
    Column("account_id", Uuid, nullable=False),
    Column("volunteer_id", Uuid),
    Column("roles", ARRAY(Text), nullable=False),
    Column("access_token", LargeBinary, nullable=False),
    Column("access_until", DateTime(timezone=True), nullable=False),
    Column("refresh_token", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
)
