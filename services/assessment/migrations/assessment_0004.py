"""Figures of a month, and who is nominated for a year, read the entries of those days and no others.

7 bytes a record: of the entries of one day the key is kept once.
"""

from shared.store.ddl import build_index

revision = "assessment_0004"
down_revision = "assessment_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    build_index("ledger_entry_of_day", "ledger_entry (district, service_on)")
