"""The part's tables, as ``migrations`` makes them."""

from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

metadata = MetaData()

allocation = Table(
    "allocation",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("previous_id", Uuid),
    Column("state", Text, nullable=False),
    Column("capacity_use", Integer, nullable=False),
    Column("answer_by", DateTime(timezone=True), nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("approved_at", DateTime(timezone=True)),
    Column("plan", JSON),
    Column("version", Integer, nullable=False),
    ForeignKeyConstraint(["district", "previous_id"], ["allocation.district", "allocation.id"]),
)
placement = Table(
    "placement",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("allocation_id", Uuid, nullable=False),
    Column("volunteer_id", Uuid, nullable=False),
    Column("station_id", Uuid, nullable=False),
    Column("service", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("answer_by", DateTime(timezone=True), nullable=False),
    Column("answered_at", DateTime(timezone=True)),
    Column("reason", JSON, nullable=False),
    Column("replaces_id", Uuid),
    Column("version", Integer, nullable=False),
    UniqueConstraint("district", "allocation_id", "volunteer_id"),
    ForeignKeyConstraint(["district", "allocation_id"], ["allocation.district", "allocation.id"]),
)
