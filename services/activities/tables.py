"""The shape of the service's own tables. The migrations make them; a test compares the two."""

from sqlalchemy import BigInteger, Column, DateTime, Integer, LargeBinary, MetaData, Table, Text, Uuid

metadata = MetaData()
_moment = DateTime(timezone=True)


def _district_and(name: str) -> tuple[Column[str], Column[object]]:
    return Column("district", Text, primary_key=True), Column(name, Uuid, primary_key=True)


activity = Table(
    "activity",
    metadata,
    *_district_and("id"),
    Column("title", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("station_id", Uuid, nullable=False),
    Column("place", Text, nullable=False),
    Column("person_in_charge", Text, nullable=False),
    Column("risk_text", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("published_by", Text, nullable=False),
    Column("published_at", _moment, nullable=False),
    Column("version", Integer, nullable=False),
)
shift = Table(
    "shift",
    metadata,
    *_district_and("id"),
    Column("activity_id", Uuid, nullable=False),
    Column("starts_at", _moment, nullable=False),
    Column("ends_at", _moment, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("taken", Integer, nullable=False),
    Column("waiting", Integer, nullable=False),
    Column("next_queue_number", Integer, nullable=False),
    Column("version", Integer, nullable=False),
)
sign_up = Table(
    "sign_up",
    metadata,
    *_district_and("id"),
    Column("shift_id", Uuid, nullable=False),
    Column("volunteer_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("queue_number", Integer, nullable=False),
    Column("checked_in_at", _moment),
    Column("checked_in_by", Text),
    Column("version", Integer, nullable=False),
)
service_record = Table(
    "service_record",
    metadata,
    *_district_and("id"),
    Column("record_no", Text, nullable=False),
    Column("volunteer_id", Uuid, nullable=False),
    Column("station_id", Uuid, nullable=False),
    Column("activity", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("started_at", _moment, nullable=False),
    Column("ended_at", _moment, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("rating", Integer),
    Column("provenance", Text, nullable=False),
    Column("sign_up_id", Uuid),
    Column("import_id", Uuid),
    Column("digest", LargeBinary, nullable=False),
    Column("version", Integer, nullable=False),
)
record_import = Table(
    "record_import",
    metadata,
    *_district_and("import_id"),
    Column("records", Integer, nullable=False),
    Column("minutes", BigInteger, nullable=False),
)
known_volunteer = Table(
    "known_volunteer",
    metadata,
    *_district_and("id"),
    Column("number", Text, nullable=False),
    Column("version", Integer, nullable=False),
)
known_station = Table(
    "known_station",
    metadata,
    *_district_and("id"),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
)
