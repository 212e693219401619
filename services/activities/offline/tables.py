"""The part's tables, as ``migrations`` makes them."""

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Integer, LargeBinary, MetaData, Table, Text, Uuid

metadata = MetaData()

offline_device = Table(
    "offline_device",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("shift_id", Uuid, nullable=False),
    Column("public_key", Text, nullable=False),
    Column("list_hash", LargeBinary, nullable=False),
    Column("offset_ms", BigInteger, nullable=False),
    Column("registered_at", DateTime(timezone=True), nullable=False),
    Column("registered_by", Text, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)
offline_entry = Table(
    "offline_entry",
    metadata,
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("shift_id", Uuid, nullable=False),
    Column("device_id", Uuid, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("previous", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("kind", Text, nullable=False),
    Column("sign_up_id", Uuid),
    Column("device_time", DateTime(timezone=True), nullable=False),
    Column("server_time", DateTime(timezone=True)),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("verdict", Text),
    Column("reason", Text),
    Column("counted_at", DateTime(timezone=True)),
    Column("to_confirm", Boolean),
)
