"""The part's tables, as ``migrations`` makes them."""

from sqlalchemy import Column, DateTime, Integer, LargeBinary, MetaData, Table, Text, Uuid

metadata = MetaData()

shift_code = Table(
    "shift_code",
    metadata,
    Column("district", Text, primary_key=True),
    Column("shift_id", Uuid, primary_key=True),
    Column("secret", LargeBinary, nullable=False),
)
code_try = Table(
    "code_try",
    metadata,
    Column("district", Text, primary_key=True),
    Column("volunteer_id", Uuid, primary_key=True),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("tries", Integer, nullable=False),
)
