"""The part's tables, as ``migrations`` makes them."""

from sqlalchemy import Column, DateTime, Integer, LargeBinary, MetaData, Table, Text, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

training_material = Table(
    "training_material",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("wrapped_key", LargeBinary),
    Column("document", LargeBinary),
    Column("document_type", Text),
    Column("quiz", JSONB, nullable=False),
    Column("pass_mark", Integer, nullable=False),
    Column("added_by", Text, nullable=False),
    Column("added_at", DateTime(timezone=True), nullable=False),
)
training_delivery = Table(
    "training_delivery",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("material_id", Uuid, nullable=False),
    Column("volunteer_id", Uuid, nullable=False),
    Column("delivered_at", DateTime(timezone=True), nullable=False),
    Column("read_at", DateTime(timezone=True)),
    Column("tries", Integer, nullable=False),
    Column("best", Integer, nullable=False),
    Column("passed_at", DateTime(timezone=True)),
    Column("version", Integer, nullable=False),
    UniqueConstraint("district", "material_id", "volunteer_id"),
)
