"""The shape of the part's tables. The migrations make them; a test compares the two."""

from sqlalchemy import Column, Integer, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import TIMESTAMP

metadata = MetaData()

known_volunteer = Table(
    "known_volunteer",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("number", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("organisation_id", Uuid),
    Column("version", Integer, nullable=False),
)
team_membership = Table(
    "team_membership",
    metadata,
    Column("district", Text, primary_key=True),
    Column("volunteer_id", Uuid, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("team_id", Uuid),
    Column("since", TIMESTAMP(timezone=True), nullable=False),
)
known_station, known_team = (
    Table(
        name,
        metadata,
        Column("district", Text, primary_key=True),
        Column("id", Uuid, primary_key=True),
        Column("code", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("version", Integer, nullable=False),
    )
    for name in ("known_station", "known_team")
)
closed_volunteer = Table(
    "closed_volunteer",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("restricted_at", TIMESTAMP(timezone=True), nullable=False),
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
moved_volunteer = Table(
    "moved_volunteer",
    metadata,
    Column("district", Text, primary_key=True),
    Column("volunteer_id", Uuid, primary_key=True),
    Column("from_district", Text, primary_key=True),
    Column("version", Integer, nullable=False),
)
