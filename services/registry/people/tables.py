"""The part's tables, as ``migrations`` makes them."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY

metadata = MetaData()

volunteer = Table(
    "volunteer",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("number", Text, nullable=False),
    Column("blind_index", LargeBinary),
    Column("wrapped_key", LargeBinary),
    Column("personal_data", LargeBinary),
    Column("category", Text, nullable=False),
    Column("organisation_id", Uuid),
    Column("team_id", Uuid),
    Column("community", Text),
    Column("skills", ARRAY(Text), nullable=False),
    Column("services", ARRAY(Text), nullable=False),
    Column("language", Text, nullable=False),
    Column("registered_on", Date, nullable=False),
    Column("source", Text, nullable=False),
    Column("digest", LargeBinary),
    Column("version", Integer, nullable=False),
    Column("name_index", LargeBinary),
    Column("phone_tail_index", LargeBinary),
    Column("minor", Boolean, nullable=False),
    Column("guardian_agreed", Boolean, nullable=False),
    Column("restricted_at", DateTime(timezone=True)),
    Column("bound_until", Date),
    Column("erased_at", DateTime(timezone=True)),
    Column("merged_into_id", Uuid),
    Column("moved_from", Text),
    Column("moved_to", Text),
    UniqueConstraint("district", "number"),
    UniqueConstraint("district", "blind_index"),
)
roster_line = Table(
    "roster_line",
    metadata,
    Column("district", Text, primary_key=True),
    Column("import_id", Uuid, primary_key=True),
    Column("blind_index", LargeBinary, primary_key=True),
    Column("number", Text, nullable=False),
    UniqueConstraint("district", "import_id", "number"),
)
