"""The part's tables, as ``migrations`` makes them."""

from sqlalchemy import BigInteger, Column, DateTime, Integer, LargeBinary, MetaData, Table, Text, Uuid

metadata = MetaData()

service_record = Table(
    "service_record",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("record_no", Text, nullable=False),
    Column("volunteer_id", Uuid, nullable=False),
    Column("station_id", Uuid, nullable=False),
    Column("activity", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True), nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("rating", Integer),
    Column("provenance", Text, nullable=False),
    Column("sign_up_id", Uuid),
    Column("import_id", Uuid),
    Column("digest", LargeBinary, nullable=False),
    Column("version", Integer, nullable=False),
    Column("organiser_rating", Integer),
)
record_import = Table(
    "record_import",
    metadata,
    Column("district", Text, primary_key=True),
    Column("import_id", Uuid, primary_key=True),
    Column("records", Integer, nullable=False),
    Column("minutes", BigInteger, nullable=False),
)
trial_record = Table(
    "trial_record",
    metadata,
    Column("district", Text, primary_key=True),
    Column("import_id", Uuid, primary_key=True),
    Column("record_no", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("volunteer_id", Uuid, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True), nullable=False),
)
