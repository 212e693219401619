"""Star levels: reached at the very minute, announced once, never taken back."""

from datetime import UTC, datetime

import pytest

from services.assessment.rules.domain import MINUTES_PER_HOUR
from services.assessment.rules.repository import rule_book
from shared.store.event_log import new_id
from tests.integration.assessment.core import Core
from tests.integration.assessment.events import DISTRICT, corrected, logged


@pytest.mark.row(49)
async def test_a_star_is_reached_at_the_very_minute(core: Core) -> None:
    volunteer = new_id()
    hundred_hours = 100 * MINUTES_PER_HOUR
    await core.handle(logged(volunteer, hundred_hours - 1))
    assert await core.announced("StarLevelReached") == []
    await core.handle(logged(volunteer, 1), logged(volunteer, 1))
    [star] = await core.announced("StarLevelReached")
    assert (star.aggregate_id, star.version) == (volunteer, 4)  # after the hours that led to it
    assert (star.data["previous_level"], star.data["level"]) == (0, 1)
    assert (star.data["rule_set"], star.data["import_id"]) == ("510115/2025.1", None)
    await core.handle(logged(volunteer, 1))
    assert len(await core.announced("StarLevelReached")) == 1
    assert [row.version for row in await core.announced()] == [1, 2, 3, 4, 5]


async def test_levels_crossed_at_once_are_one_announcement(core: Core) -> None:
    volunteer = new_id()
    await core.handle(*(logged(volunteer, 1400) for _ in range(26)))  # 606 h
    [star] = await core.announced("StarLevelReached")
    assert (star.data["previous_level"], star.data["level"], star.version) == (0, 3, 27)


@pytest.mark.row(49)
async def test_a_correction_takes_hours_but_no_star(core: Core) -> None:
    volunteer = new_id()
    record = logged(volunteer, 1000)
    await core.handle(record, logged(volunteer, 5000))
    await core.handle(corrected(record, 0))
    assert await core.hours(volunteer) == (5000, 1, 1)
    await core.handle(logged(volunteer, 1000))  # the same level once more is no news
    assert len(await core.announced("StarLevelReached")) == 1


async def test_a_correction_can_reach_a_star(core: Core) -> None:
    volunteer = new_id()
    record = logged(volunteer, 10)
    await core.handle(record, logged(volunteer, 5900))
    await core.handle(corrected(record, 100))
    assert [row.name for row in await core.announced()][-2:] == ["HoursCorrected", "StarLevelReached"]


async def test_the_database_and_the_domain_agree_on_every_level(core: Core) -> None:
    async with core.worker.transaction() as tx:
        rules = (await rule_book(tx, [DISTRICT])).in_force(DISTRICT, datetime.now(UTC))
    minutes = [threshold + offset for threshold in rules.star_minutes for offset in (-1, 0, 1)]
    volunteers = [new_id() for _ in minutes]
    await core.handle(*(logged(volunteer, total) for volunteer, total in zip(volunteers, minutes, strict=True)))
    found = [(await core.hours(volunteer))[2] for volunteer in volunteers]
    assert found == [rules.star_level(total) for total in minutes]
    assert found == [0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5]
