"""The part's table, as ``migrations`` makes it."""

from sqlalchemy import Column, MetaData, Table, Text, Uuid

metadata = MetaData()

moved_sign_up = Table(
    "moved_sign_up",
    metadata,
    Column("district", Text, primary_key=True),
    Column("sign_up_id", Uuid, primary_key=True),
    Column("merged_id", Uuid, nullable=False),
)
