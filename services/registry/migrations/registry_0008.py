"""Accounts are found by a phone number, to be logged in to by a code (ADR 0040).

By number and name people are searched for within one district; by phone in every one, and before any log-in.
"""

from shared.store.ddl import build_index

revision = "registry_0008"
down_revision = "registry_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    build_index("volunteer_phone_tail", "volunteer (district, phone_tail_index)")
