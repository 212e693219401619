"""The shape of the part's table. The migrations make it; a test compares the two."""

from sqlalchemy import ARRAY, Column, Integer, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP

metadata = MetaData()

rule_set = Table(
    "rule_set",
    metadata,
    Column("district", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("effective_from", TIMESTAMP(timezone=True), nullable=False),
    Column("zone", Text, nullable=False),
    Column("star_hours", ARRAY(Integer), nullable=False),
    Column("window_month", Integer, nullable=False),
    Column("window_day", Integer, nullable=False),
    Column("eligible_hours", Integer, nullable=False),
    Column("eligible_months", Integer, nullable=False),
    Column("nominated_percent", Integer, nullable=False),
    Column("full_hours", Integer, nullable=False),
    Column("hours_weight", Integer, nullable=False),
    Column("full_months", Integer, nullable=False),
    Column("months_weight", Integer, nullable=False),
    Column("rating_weight", Integer, nullable=False),
    Column("prior_ratings", Integer, nullable=False),
    Column("prior_rating", Integer, nullable=False),
)
