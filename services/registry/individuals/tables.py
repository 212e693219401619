"""The part's tables, as ``migrations`` makes them."""

from sqlalchemy import Column, Date, DateTime, Integer, LargeBinary, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

individual_contact = Table(
    "individual_contact",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("volunteer_id", Uuid, nullable=False),
    Column("contacted_on", Date, nullable=False),
    Column("way", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("note", LargeBinary, nullable=False),
    Column("noted_by", Text, nullable=False),
    Column("noted_at", DateTime(timezone=True), nullable=False),
)
team_invitation = Table(
    "team_invitation",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("volunteer_id", Uuid, nullable=False),
    Column("team_id", Uuid, nullable=False),
    Column("why", JSONB),
    Column("state", Text, nullable=False),
    Column("answer_by", DateTime(timezone=True), nullable=False),
    Column("invited_by", Text, nullable=False),
    Column("invited_at", DateTime(timezone=True), nullable=False),
    Column("answered_at", DateTime(timezone=True)),
    Column("version", Integer, nullable=False),
)
