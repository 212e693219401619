"""The rules that figures follow, as they are stored and shown."""

from shared.contracts.actor import Role
from shared.store.event_log import new_id
from tests.integration.assessment.core import Core
from tests.integration.assessment.events import OTHER_DISTRICT, logged
from tests.integration.assessment.reading import Reading


async def test_rules_in_force_are_the_districts_own_or_the_platforms(assessment: Reading) -> None:
    own = await assessment.reader(Role.VOLUNTEER).get("/v1/rule-sets/current")
    assert (own["name"], own["star_hours"]) == ("510115/2025.1", [100, 300, 600, 1000, 1500])
    other = await assessment.reader(Role.VOLUNTEER, district=OTHER_DISTRICT).get("/v1/rule-sets/current")
    assert other["name"] == "default/2025.1"


async def test_a_column_that_a_newer_version_adds_disturbs_neither_readers_nor_the_ledger(
    core: Core, assessment: Reading
) -> None:
    volunteer = new_id()
    shown = await assessment.auditor.get("/v1/rule-sets/current")
    await core.handle(logged(volunteer, 60))
    await core.as_owner("ALTER TABLE rule_set ADD COLUMN note text")
    try:
        await core.handle(logged(volunteer, 30))
        assert await assessment.auditor.get("/v1/rule-sets/current") == shown
    finally:
        await core.as_owner("ALTER TABLE rule_set DROP COLUMN note")
    assert await core.hours(volunteer) == (90, 2, 0)
