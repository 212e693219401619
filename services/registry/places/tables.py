"""The part's tables, as ``migrations`` makes them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

district = Table(
    "district",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("last_serial", BigInteger, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
)
division = Table(
    "division",
    metadata,
    Column("district", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("level", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("parent_code", Text, nullable=False),
)
guiding_body = Table(
    "guiding_body",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    UniqueConstraint("district", "code"),
)
organisation = Table(
    "organisation",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("longitude", Double),
    Column("latitude", Double),
    Column("version", Integer, nullable=False),
    Column("closed_on", Date),
    Column("host_unit", Text),
    Column("parent_code", Text),
    Column("guiding_body_id", Uuid),
    UniqueConstraint("district", "code"),
)
station = Table(
    "station",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("division_code", Text, nullable=False),
    Column("longitude", Double),
    Column("latitude", Double),
    Column("opened_on", Date),
    Column("volunteer_quota", Integer, nullable=False),
    Column("demand", JSONB, nullable=False),
    Column("version", Integer, nullable=False),
    Column("closed_on", Date),
    Column("operators", JSONB, nullable=False),
    UniqueConstraint("district", "code"),
    ForeignKeyConstraint(["district", "division_code"], ["division.district", "division.code"]),
)
team = Table(
    "team",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("organisation_id", Uuid),
    Column("station_id", Uuid),
    Column("focus_service", Text),
    Column("version", Integer, nullable=False),
    Column("closed_on", Date),
    Column("is_head", Boolean),
    Column("merged_into_id", Uuid),
    UniqueConstraint("district", "code"),
    ForeignKeyConstraint(["district", "organisation_id"], ["organisation.district", "organisation.id"]),
    ForeignKeyConstraint(["district", "station_id"], ["station.district", "station.id"]),
)
