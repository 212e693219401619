"""The shape of the service's own tables. The migrations make them; a test compares the two."""

from sqlalchemy import ARRAY, BigInteger, Boolean, Column, Date, Integer, MetaData, SmallInteger, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import TIMESTAMP

metadata = MetaData()
_moment = TIMESTAMP(timezone=True)


def _district() -> "Column[str]":
    return Column("district", Text, primary_key=True)


ledger_entry = Table(
    "ledger_entry",
    metadata,
    _district(),
    Column("record_id", Uuid, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("volunteer_id", Uuid, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("provenance", Text, nullable=False),
    Column("station_id", Uuid, nullable=False),
    Column("service", Text, nullable=False),
    Column("activity_title", Text, nullable=False),
    Column("started_at", _moment, nullable=False),
    Column("service_on", Date, nullable=False),
    Column("rating", SmallInteger),
    Column("import_id", Uuid),
    Column("event_id", Uuid, nullable=False),
    Column("recorded_at", _moment, nullable=False),
    Column("rule_set", Text, nullable=False),
)
volunteer_hours = Table(
    "volunteer_hours",
    metadata,
    _district(),
    Column("volunteer_id", Uuid, primary_key=True),
    Column("minutes", BigInteger, nullable=False),
    Column("sessions", Integer, nullable=False),
)
award = Table(
    "award",
    metadata,
    _district(),
    Column("volunteer_id", Uuid, primary_key=True),
    Column("stars", Integer, nullable=False),
    Column("version", Integer, nullable=False),
)
import_progress = Table(
    "import_progress",
    metadata,
    _district(),
    Column("import_id", Uuid, primary_key=True),
    Column("expected_records", Integer),
    Column("expected_minutes", BigInteger),
    Column("credited_records", Integer, nullable=False),
    Column("credited_minutes", BigInteger, nullable=False),
    Column("closed", Boolean, nullable=False),
)
rule_set = Table(
    "rule_set",
    metadata,
    _district(),
    Column("name", Text, primary_key=True),
    Column("effective_from", _moment, nullable=False),
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
known_volunteer = Table(
    "known_volunteer",
    metadata,
    _district(),
    Column("id", Uuid, primary_key=True),
    Column("number", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("organisation_id", Uuid),
    Column("version", Integer, nullable=False),
)
team_membership = Table(
    "team_membership",
    metadata,
    _district(),
    Column("volunteer_id", Uuid, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("team_id", Uuid),
    Column("since", _moment, nullable=False),
)
known_station, known_team = (
    Table(
        name,
        metadata,
        _district(),
        Column("id", Uuid, primary_key=True),
        Column("code", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("version", Integer, nullable=False),
    )
    for name in ("known_station", "known_team")
)
