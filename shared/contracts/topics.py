"""Every topic: its key, partitions, retention and owner, in one table.

Invariant: beside these there are only the dead-letter topics of the services that consume; brokers do not create topics
on their own. The key is always the aggregate id, so all events of one aggregate share a partition and keep their order.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID, uuid5

EVENT_RETENTION = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic as it is provisioned."""

    name: str
    key: str
    partitions: int
    owner: str
    retention: timedelta | None = EVENT_RETENTION
    cleanup: Literal["delete", "compact"] = "delete"


CONTACT = Topic("registry.contact", "volunteer_id", 3, "registry", retention=None, cleanup="compact")
"""Sealed contact points, current state only; a tombstone erases the person within ``max.compaction.lag.ms``.

Of a minor whose guardian has agreed, the guardian is one more contact point, under ``guardian_key``.
"""


def guardian_key(volunteer_id: UUID) -> UUID:
    """Return the key of ``registry.contact`` under which a minor's guardian is reached: always the same one."""
    return uuid5(volunteer_id, "guardian")


REVOCATION = Topic("registry.revocation", "account_id", 3, "registry", retention=None, cleanup="compact")
"""Which tokens of an account are no longer good (``shared/contracts/tokens.py``), current state only."""

TOPICS: dict[str, Topic] = {
    topic.name: topic
    for topic in (
        Topic("registry.volunteer", "volunteer_id", 6, "registry"),
        Topic("registry.organisation", "organisation_id", 1, "registry"),
        Topic("registry.station", "station_id", 1, "registry"),
        Topic("registry.team", "team_id", 1, "registry"),
        Topic("registry.guiding-body", "guiding_body_id", 1, "registry"),
        Topic("registry.team-formation", "formation_id", 1, "registry"),
        Topic("registry.team-invitation", "invitation_id", 3, "registry"),
        Topic("registry.training", "delivery_id", 6, "registry"),
        Topic("registry.station-staff", "staff_id", 1, "registry"),
        Topic("registry.account", "account_id", 3, "registry"),
        Topic("registry.allocation", "allocation_id", 1, "registry"),
        Topic("registry.placement", "placement_id", 6, "registry"),
        Topic("registry.pairing", "pairing_id", 1, "registry"),
        Topic("registry.standing", "standing_id", 1, "registry"),
        Topic("registry.network", "plan_id", 1, "registry"),
        Topic("registry.agreement", "agreement_id", 1, "registry"),
        Topic("registry.need-survey", "survey_id", 1, "registry"),
        Topic("registry.qualification", "qualification_id", 3, "registry"),
        Topic("registry.consent", "consent_id", 3, "registry"),
        Topic("registry.rule-document", "document_id", 1, "registry"),
        Topic("registry.rule-acceptance", "acceptance_id", 3, "registry"),
        Topic("registry.correction", "correction_id", 1, "registry"),
        Topic("registry.minor-reading", "reading_id", 1, "registry"),
        CONTACT,
        REVOCATION,
        Topic("activities.activity", "activity_id", 3, "activities"),
        Topic("activities.sign-up", "sign_up_id", 6, "activities"),
        Topic("activities.service-record", "record_id", 6, "activities"),
        Topic("activities.claim", "claim_id", 1, "activities"),
        Topic("activities.service-history", "volunteer_id", 1, "activities"),
        Topic("assessment.ledger", "volunteer_id", 6, "assessment"),
        Topic("assessment.award", "volunteer_id", 3, "assessment"),
        Topic("notifications.delivery", "delivery_id", 3, "notifications"),
        Topic("operations.action", "action_id", 1, "every service"),
    )
}
