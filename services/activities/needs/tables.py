"""The part's table, as ``migrations`` makes it."""

from sqlalchemy import Boolean, Column, Date, Integer, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

known_need_survey = Table(
    "known_need_survey",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    Column("closed", Boolean, nullable=False),
    Column("themes", JSONB, nullable=False),
    Column("communities", JSONB, nullable=False),
    Column("answered", JSONB, nullable=False),
    Column("by_theme", JSONB, nullable=False),
    Column("version", Integer, nullable=False),
)
