"""The part's tables, as ``migrations`` makes them."""

from sqlalchemy import Boolean, Column, DateTime, Integer, MetaData, Table, Text, Uuid

metadata = MetaData()

sign_up = Table(
    "sign_up",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("shift_id", Uuid, nullable=False),
    Column("volunteer_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("queue_number", Integer, nullable=False),
    Column("checked_in_at", DateTime(timezone=True)),
    Column("checked_in_by", Text),
    Column("version", Integer, nullable=False),
    Column("starts_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    Column("group_id", Uuid),
    Column("answer_by", DateTime(timezone=True)),
    Column("absence", Text),
    Column("inside", Boolean),
    Column("code_from", DateTime(timezone=True)),
    Column("checked_out_at", DateTime(timezone=True)),
    Column("checked_out_by", Text),
)
