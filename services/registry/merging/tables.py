"""The part's tables, as ``migrations`` makes them."""

from sqlalchemy import Boolean, Column, DateTime, Integer, MetaData, Table, Text, Uuid

metadata = MetaData()

volunteer_merge = Table(
    "volunteer_merge",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("merged_id", Uuid, nullable=False),
    Column("kept_id", Uuid, nullable=False),
    Column("account_id", Uuid),
    Column("team_id", Uuid),
    Column("merged_at", DateTime(timezone=True), nullable=False),
    Column("undone_at", DateTime(timezone=True)),
)
followed_row = Table(
    "followed_row",
    metadata,
    Column("district", Text, primary_key=True),
    Column("merge_id", Uuid, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("row_id", Uuid, primary_key=True),
)
followed_consent = Table(
    "followed_consent",
    metadata,
    Column("district", Text, primary_key=True),
    Column("merge_id", Uuid, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("given_before", Boolean),
    Column("statements", Integer, nullable=False),
)
