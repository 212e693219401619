"""The part's tables, as ``migrations`` makes them."""

from sqlalchemy import Boolean, Column, Date, DateTime, Integer, MetaData, Table, Text, Uuid

metadata = MetaData()

known_volunteer = Table(
    "known_volunteer",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("number", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("team_id", Uuid),
    Column("shape", Integer, nullable=False),
    Column("minor", Boolean, nullable=False),
    Column("guardian_agreed", Boolean, nullable=False),
)
known_station = Table(
    "known_station",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("closed_on", Date),
    Column("division_code", Text),
    Column("shape", Integer, nullable=False),
)
held_qualification = Table(
    "held_qualification",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("volunteer_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("expires_on", Date),
    Column("holds", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
)
known_rule = Table(
    "known_rule",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("title", Text, nullable=False),
    Column("required_from", Date, nullable=False),
    Column("ended", Boolean, nullable=False),
)
accepted_rule = Table(
    "accepted_rule",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("volunteer_id", Uuid, nullable=False),
    Column("document_id", Uuid, nullable=False),
    Column("document_version", Integer, nullable=False),
    Column("version", Integer, nullable=False),
)
merged_volunteer = Table(
    "merged_volunteer",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("kept_id", Uuid),
    Column("version", Integer, nullable=False),
)
closed_volunteer = Table(
    "closed_volunteer",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("restricted_at", DateTime(timezone=True), nullable=False),
    Column("version", Integer, nullable=False),
)
