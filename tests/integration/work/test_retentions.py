"""Every table has been asked about: how long are its rows kept?"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from deploy.provision import reactions
from deploy.services import SERVICES
from shared.store.engine import Store
from shared.store.retention import OF_EVERY_SERVICE

if TYPE_CHECKING:
    from tests.support.infrastructure import ServiceDatabase

KEPT = {
    "events, and where everybody stands in them": {"event_log", "outbox", "inbox", "consumer_offset", "subscription"},
    "what is there once": {
        "installation",
        "observation",
        "key_check",
        "alembic_version",
        "rule_set",
        "activity_rules",
        "signing_key",
    },
    "who is on the register, until they are erased": {
        *("district", "division", "organisation", "station", "team", "volunteer", "roster_line"),
        *("account", "log_in_name", "second_factor", "recovery_code", "outside_identity", "consent", "correction"),
        *("organisation_statement", "guardian", "rule_document", "rule_acceptance", "move"),
    },
    "what happened, ten years by GB/T 40143": {
        *(
            "activity",
            "shift",
            "sign_up",
            "service_record",
            "record_import",
            "claim",
            "offline_device",
            "offline_entry",
            "allocation",
            "placement",
            "team_invitation",
            "training_material",
            "training_delivery",
        ),
        *("household", "household_assignment", "pairing", "pairing_visit", "team_formation"),
        "university_agreement",
        *("volunteer_merge", "stars_before_merge", "moved_sign_up", "followed_row", "followed_consent"),
    },
    "how stations stand by the standard, and what they were judged by": {
        *("district_standard", "station_standing", "criterion_standing", "judgement", "evidence", "network_plan"),
    },
    "what communities were asked and have answered, without anybody's name": {"need_survey", "need_answer"},
    "as long as the person wants it": {"preference", "calendar_feed"},
    "swept by those who write it": {
        "session",
        "refresh_token",
        "one_time_code",
        "attempt",
        "code_try",
        "work",
        "revocation",
        "trial_record",
    },
    "a row a district and projection, written over": {"comparison_seal"},
    "goes with its shift": {"shift_code", "reminded_place"},
}


@pytest.mark.parametrize("service", SERVICES)
async def test_of_every_table_somebody_has_said_how_long_it_is_kept(
    service: str, service_database: ServiceDatabase
) -> None:
    """A new table is made of events, or has a retention, or a reason here to be kept."""
    parts = import_module(f"services.{service}.app").PARTS
    forgotten = {
        *(each.table for each in OF_EVERY_SERVICE),
        *(retention.table for part in parts for retention in part.retentions),
    }
    projected = {table.name for each in reactions(service).projections.values() for table in each.projection.tables}
    kept: set[str] = set().union(*KEPT.values())
    async with Store((await service_database(service)).owner) as owner, owner.transaction() as tx:
        found: Any = await tx.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = set(found.scalars())
    assert tables - forgotten - projected - kept == set()
