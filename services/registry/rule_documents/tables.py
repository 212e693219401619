"""The part's tables, as ``migrations`` makes them."""

from sqlalchemy import Column, Date, DateTime, Integer, MetaData, Table, Text, Uuid

metadata = MetaData()

rule_document = Table(
    "rule_document",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("in_force_from", Date, nullable=False),
    Column("required_from", Date, nullable=False),
    Column("published_at", DateTime(timezone=True), nullable=False),
    Column("published_by", Text, nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("ended_by", Text),
    Column("end_reason", Text),
    Column("ended_with", Integer),
)
rule_acceptance = Table(
    "rule_acceptance",
    metadata,
    Column("district", Text, primary_key=True),
    Column("document_id", Uuid, primary_key=True),
    Column("document_version", Integer, primary_key=True),
    Column("volunteer_id", Uuid, primary_key=True),
    Column("asked_at", DateTime(timezone=True)),
    Column("accepted_at", DateTime(timezone=True)),
    Column("channel", Text),
    Column("version", Integer, nullable=False),
)
