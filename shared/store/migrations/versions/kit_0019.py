"""What the api shows to an operator of parked records: all that is known of one but its value."""

from shared.store.ddl import grant

revision = "kit_0019"
down_revision = "kit_0018"
branch_labels = None
depends_on = None

SHOWN = """
    id, consumer, topic, partition, "offset", key, headers, reason, message, state, parked_at, attempts, tried_at,
    settled_at, settled_by, settled_reason
"""


def upgrade() -> None:
    grant("dead_letter", api=f"SELECT ({SHOWN})")
