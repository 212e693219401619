"""The part's tables, as ``migrations`` makes them."""

from sqlalchemy import Column, Date, DateTime, Integer, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

need_survey = Table(
    "need_survey",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    Column("themes", JSONB, nullable=False),
    Column("communities", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("version", Integer, nullable=False),
)
need_answer = Table(
    "need_answer",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("survey_id", Uuid, nullable=False),
    Column("community", Text, nullable=False),
    Column("answered", Integer, nullable=False),
    Column("by_theme", JSONB, nullable=False),
    Column("source", Text, nullable=False),
    Column("sheet_no", Text),
    Column("entered_by", Text),
    Column("entered_at", DateTime(timezone=True), nullable=False),
    Column("taken_back_at", DateTime(timezone=True)),
    Column("taken_back_by", Text),
    Column("reason", Text),
)
