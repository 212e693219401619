"""The part's tables, as ``migrations`` makes them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
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
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("version", Integer, nullable=False),
    Column("locked_at", DateTime(timezone=True)),
    Column("must_change_password", Boolean, nullable=False),
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
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("replaced_at", DateTime(timezone=True)),
)
session = Table(
    "session",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, nullable=False),
    Column("user_agent", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("rotated_from", LargeBinary),
    Column("rotated_at", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
    Column("stepped_up_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("idle_until", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
)
refresh_token = Table(
    "refresh_token",
    metadata,
    Column("district", Text, primary_key=True),
    Column("hash", LargeBinary, primary_key=True),
    Column("session_id", Uuid, nullable=False),
    Column("generation", Integer, nullable=False),
)
second_factor = Table(
    "second_factor",
    metadata,
    Column("district", Text, primary_key=True),
    Column("account_id", Uuid, primary_key=True),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("confirmed_at", DateTime(timezone=True)),
    Column("last_step", BigInteger, nullable=False),
)
recovery_code = Table(
    "recovery_code",
    metadata,
    Column("district", Text, primary_key=True),
    Column("account_id", Uuid, primary_key=True),
    Column("hash", LargeBinary, primary_key=True),
    Column("used_at", DateTime(timezone=True)),
)
outside_identity = Table(
    "outside_identity",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("subject_hash", LargeBinary, primary_key=True),
    Column("belongs_to", Text, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("linked_at", DateTime(timezone=True), nullable=False),
)
