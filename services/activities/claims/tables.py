"""The part's tables, as ``migrations`` makes them."""

from sqlalchemy import Column, Date, DateTime, Integer, MetaData, Table, Text, Uuid

metadata = MetaData()

claim = Table(
    "claim",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("sign_up_id", Uuid),
    Column("record_id", Uuid),
    Column("volunteer_id", Uuid, nullable=False),
    Column("station_id", Uuid, nullable=False),
    Column("published_by", Text, nullable=False),
    Column("activity_title", Text, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True), nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("due_on", Date, nullable=False),
    Column("answered_at", DateTime(timezone=True)),
    Column("answer", Text),
    Column("version", Integer, nullable=False),
)
