"""The shape of the part's tables. The migrations make them; a test compares the two."""

from sqlalchemy import BigInteger, Boolean, Column, Date, Integer, MetaData, SmallInteger, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import TIMESTAMP

metadata = MetaData()

ledger_entry = Table(
    "ledger_entry",
    metadata,
    Column("district", Text, primary_key=True),
    Column("record_id", Uuid, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("volunteer_id", Uuid, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("provenance", Text, nullable=False),
    Column("station_id", Uuid, nullable=False),
    Column("service", Text, nullable=False),
    Column("activity_title", Text, nullable=False),
    Column("started_at", TIMESTAMP(timezone=True), nullable=False),
    Column("service_on", Date, nullable=False),
    Column("rating", SmallInteger),
    Column("import_id", Uuid),
    Column("event_id", Uuid, nullable=False),
    Column("recorded_at", TIMESTAMP(timezone=True), nullable=False),
    Column("rule_set", Text, nullable=False),
)
organiser_rating = Table(
    "organiser_rating",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("volunteer_id", Uuid, nullable=False),
    Column("rating", Integer, nullable=False),
    Column("version", Integer, nullable=False),
)
volunteer_hours = Table(
    "volunteer_hours",
    metadata,
    Column("district", Text, primary_key=True),
    Column("volunteer_id", Uuid, primary_key=True),
    Column("minutes", BigInteger, nullable=False),
    Column("sessions", Integer, nullable=False),
)
carried_hours = Table(
    "carried_hours",
    metadata,
    Column("district", Text, primary_key=True),
    Column("volunteer_id", Uuid, primary_key=True),
    Column("from_district", Text, primary_key=True),
    Column("minutes", BigInteger, nullable=False),
    Column("sessions", Integer, nullable=False),
    Column("stars", Integer, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("recorded_at", TIMESTAMP(timezone=True), nullable=False),
    Column("version", Integer, nullable=False),
)
import_progress = Table(
    "import_progress",
    metadata,
    Column("district", Text, primary_key=True),
    Column("import_id", Uuid, primary_key=True),
    Column("expected_records", Integer),
    Column("expected_minutes", BigInteger),
    Column("credited_records", Integer, nullable=False),
    Column("credited_minutes", BigInteger, nullable=False),
    Column("closed", Boolean, nullable=False),
)
