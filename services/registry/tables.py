"""The shape of the service's own tables. The migrations make them; a test compares the two."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData()
_moment = DateTime(timezone=True)


def _district() -> Column[str]:
    return Column("district", Text, ForeignKey("district.code"), primary_key=True)


def _place() -> tuple[Column[float], Column[float]]:
    return Column("longitude", Double), Column("latitude", Double)


district = Table(
    "district",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("last_serial", BigInteger, nullable=False),
    Column("opened_at", _moment, nullable=False),
)
division = Table(
    "division",
    metadata,
    _district(),
    Column("code", Text, primary_key=True),
    Column("level", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("parent_code", Text, nullable=False),
)
organisation = Table(
    "organisation",
    metadata,
    _district(),
    Column("id", Uuid, primary_key=True),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    *_place(),
    Column("version", Integer, nullable=False),
    UniqueConstraint("district", "code"),
)
station = Table(
    "station",
    metadata,
    _district(),
    Column("id", Uuid, primary_key=True),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("division_code", Text, nullable=False),
    *_place(),
    Column("opened_on", Date),
    Column("volunteer_quota", Integer, nullable=False),
    Column("demand", JSONB, nullable=False),
    Column("version", Integer, nullable=False),
    UniqueConstraint("district", "code"),
    ForeignKeyConstraint(["district", "division_code"], ["division.district", "division.code"]),
)
team = Table(
    "team",
    metadata,
    _district(),
    Column("id", Uuid, primary_key=True),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("organisation_id", Uuid),
    Column("station_id", Uuid),
    Column("focus_service", Text),
    Column("version", Integer, nullable=False),
    UniqueConstraint("district", "code"),
    ForeignKeyConstraint(["district", "organisation_id"], ["organisation.district", "organisation.id"]),
    ForeignKeyConstraint(["district", "station_id"], ["station.district", "station.id"]),
)
volunteer = Table(
    "volunteer",
    metadata,
    _district(),
    Column("id", Uuid, primary_key=True),
    Column("number", Text, nullable=False),
    Column("blind_index", LargeBinary, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("personal_data", LargeBinary, nullable=False),
    Column("category", Text, nullable=False),
    Column("organisation_id", Uuid),
    Column("team_id", Uuid),
    Column("community", Text),
    Column("skills", ARRAY(Text), nullable=False),
    Column("services", ARRAY(Text), nullable=False),
    Column("language", Text, nullable=False),
    Column("registered_on", Date, nullable=False),
    Column("source", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("version", Integer, nullable=False),
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
account = Table(
    "account",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("user_name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("units", ARRAY(Uuid), nullable=False),
    Column("volunteer_id", Uuid),
    Column("created_at", _moment, nullable=False),
    UniqueConstraint("district", "volunteer_id"),
)
log_in_name = Table(
    "log_in_name",
    metadata,
    Column("name", Text, primary_key=True),
    Column("belongs_to", Text, nullable=False),
    Column("account_id", Uuid, nullable=False),
)
signing_key = Table(
    "signing_key",
    metadata,
    Column("id", Text, primary_key=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("sealed_key", LargeBinary, nullable=False),
    Column("created_at", _moment, nullable=False),
    Column("replaced_at", _moment),
)
