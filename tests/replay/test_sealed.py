"""What was found equal is sealed: the next comparison goes by what has changed, and finds all that a full one does."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts import ServiceRated, ServiceRecordsImported
from shared.messaging.replay import by_district, swap
from shared.messaging.replay.by_district import Found, compare_by_district
from shared.messaging.replay.request import From, ReplayRequest, source_of
from shared.messaging.replay.seal import Seal
from shared.messaging.replay.swap import Swap, replace
from shared.store.engine import Store
from shared.store.event_log import NewEvent, append, new_id
from tests.replay.conftest import OTHER_DISTRICT, Platform, corrected, event, registered, served
from tests.support.services import reactions

pytestmark = pytest.mark.usefixtures("volunteers", "nobodys_turn")
LEDGER = reactions("assessment").projections["ledger"]
IMPORTS = reactions("assessment").projections["imports"]
VOLUNTEERS = reactions("assessment").projections["volunteers"]


@pytest.fixture
def nobodys_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """No district is to be replayed for its turn has come."""
    monkeypatch.setattr(by_district, "_due", lambda *_: ())


async def compared(platform: Platform, *, full: bool = False) -> dict[str, Found]:
    found = await compare_by_district(
        platform.workers["assessment"],
        "assessment",
        [LEDGER, IMPORTS, VOLUNTEERS],
        lambda service: platform.urls[service].worker,
        lambda _: None,
        full=full,
    )
    assert not any(one.fault for one in found)
    return {one.rebuilt.projection.name: one for one in found}


async def test_where_nothing_has_changed_nothing_is_replayed(platform: Platform) -> None:
    whole = await compared(platform, full=True)
    assert [(one.sealed, one.differing) for one in whole.values()] == [(0, 0)] * 3
    again = await compared(platform)
    for name, one in again.items():
        assert (one.replayed, one.sealed) == (0, whole[name].replayed), name
        assert (one.applied, one.differing) == (0, 0)
        assert [(table.table, table.live) for table in one.tables.values()] == [
            (table.table, table.live) for table in whole[name].tables.values()
        ]
        assert one.oldest is not None


async def test_of_what_has_changed_the_events_since_are_replayed_upon_the_history_of_what_they_touch(
    platform: Platform, volunteers: Sequence[UUID]
) -> None:
    old, rated = served(volunteers[7], 33), served(volunteers[8], 34)
    async with platform.live():
        await platform.append("activities", old, rated)
        await platform.settle()
        await compared(platform, full=True)
        rating = ServiceRated(record_id=rated.aggregate_id, volunteer_id=volunteers[8], rating=5)
        await platform.append(
            "activities",
            served(volunteers[9], 21),
            served(new_id(), 22, district=OTHER_DISTRICT),
            corrected(old, 11),
            event(rating, rated.aggregate_id, 2),
        )
        await platform.append("registry", registered(new_id(), "V900"))
        await platform.settle()
    found = await compared(platform)
    assert (found["ledger"].replayed, found["ledger"].applied, found["ledger"].differing) == (0, 3, 0)
    assert (found["volunteers"].replayed, found["volunteers"].applied, found["volunteers"].differing) == (0, 1, 0)
    assert (found["imports"].replayed, found["imports"].differing) == (0, 0)


async def test_an_import_that_was_under_way_has_its_district_replayed_and_a_whole_one_has_not(
    platform: Platform, volunteers: Sequence[UUID]
) -> None:
    under_way, whole = new_id(), new_id()
    async with platform.live():
        await platform.append("activities", served(volunteers[13], 51, under_way))
        await platform.settle()
        await compared(platform, full=True)
        await platform.append("activities", served(volunteers[14], 52, whole), _imported(whole, 52))
        await platform.settle()
        found = (await compared(platform))["imports"]
        assert (found.replayed, found.differing) == (0, 0)
        await platform.append("activities", served(volunteers[14], 53, under_way), _imported(under_way, 51 + 53, 2))
        await platform.settle()
    found = (await compared(platform))["imports"]
    assert (found.replayed, found.differing) == (1, 0)


def _imported(import_id: UUID, minutes: int, records: int = 1) -> NewEvent:
    return event(ServiceRecordsImported(import_id=import_id, records=records, minutes=minutes), import_id)


ROWS = {
    "changed": "UPDATE {table} SET {column} = {column} + 1 WHERE {row}",
    "missing": "DELETE FROM {table} WHERE {row}",
    "extra": """INSERT INTO {table} SELECT (jsonb_populate_record({table}, '{{"{key}": "{other}"}}')).*
                FROM {table} WHERE {row}""",
}


@pytest.mark.parametrize("kind", ROWS)
@pytest.mark.parametrize(
    ("projection", "table", "column", "of_volunteer", "key"),
    [
        ("ledger", "ledger_entry", "minutes", "volunteer_id", "record_id"),
        ("ledger", "volunteer_hours", "minutes", "volunteer_id", "volunteer_id"),
        ("volunteers", "known_volunteer", "version", "id", "id"),
    ],
)
async def test_a_row_that_no_event_changed_is_found_wherever_it_is(
    platform: Platform,
    volunteers: Sequence[UUID],
    kind: str,
    projection: str,
    table: str,
    column: str,
    of_volunteer: str,
    key: str,
) -> None:
    """In a sealed stretch, and among what events have touched since."""
    quiet, busy = volunteers[20], volunteers[21]
    await compared(platform, full=True)
    async with platform.live():
        await platform.append("activities", served(busy, 15))
        await platform.append("registry", registered(new_id(), f"V{new_id().hex}"))
        await platform.settle()
    for volunteer in (quiet, busy):
        row = f"ctid = (SELECT ctid FROM {table} WHERE {of_volunteer} = '{volunteer}' ORDER BY {key} LIMIT 1)"
        edit = ROWS[kind].format(table=table, column=column, row=row, key=key, other=new_id())
        await _as_owner(platform, table, f"CREATE TABLE kept AS SELECT * FROM {table}", edit)
        try:
            found = (await compared(platform))[projection]
            assert found.differing == 1
            assert [each.differing for each in found.tables.values() if each.table == table] == [1]
        finally:
            await _as_owner(
                platform, table, f"DELETE FROM {table}", f"INSERT INTO {table} SELECT * FROM kept", "DROP TABLE kept"
            )
        assert (await compared(platform))[projection].differing == 0


async def test_what_was_still_on_its_way_is_looked_for_the_next_time(
    platform: Platform, volunteers: Sequence[UUID]
) -> None:
    await platform.append("activities", served(volunteers[10], 44))
    await compared(platform, full=True)
    async with platform.live():
        await platform.settle()
    found = (await compared(platform))["ledger"]
    assert (found.replayed, found.applied, found.differing) == (0, 1, 0)


@pytest.mark.parametrize("lost", [False, True])
async def test_what_was_committed_late_below_the_seal_is_looked_for_too(
    platform: Platform, volunteers: Sequence[UUID], lost: bool
) -> None:
    """A position is drawn before the transaction commits, so a seal may lie above it."""
    late = served(volunteers[11], 45)
    async with platform.workers["activities"].transaction() as tx:
        await append(tx, [late])
        await platform.append("activities", served(volunteers[12], 46))
        await compared(platform, full=True)
    async with platform.live():
        await platform.settle()
    undo = "UPDATE volunteer_hours SET minutes = minutes {} 45 WHERE volunteer_id = '{}'"
    if lost:
        await _as_owner(platform, "volunteer_hours", undo.format("-", volunteers[11]))
    found = (await compared(platform))["ledger"]
    assert (found.replayed, found.differing) == (1, int(lost))
    if lost:
        await _as_owner(platform, "volunteer_hours", undo.format("+", volunteers[11]))


async def test_a_swap_holds_the_consumer_for_what_came_since_it_caught_up(
    platform: Platform, volunteers: Sequence[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    finish: Callable[[AsyncConnection, Swap], object] = swap._finish
    caught_up = 0

    async def arriving(session: AsyncConnection, asked: Swap) -> None:
        await platform.append("activities", *(served(volunteer, 12) for volunteer in volunteers[:3]))
        await platform.settle()
        await finish(session, asked)  # type: ignore[misc]

    catch_up = swap._catch_up

    async def counted(*arguments: object) -> int:
        nonlocal caught_up
        caught_up += await catch_up(*arguments)  # type: ignore[arg-type]
        return caught_up

    monkeypatch.setattr(swap, "_finish", arriving)
    monkeypatch.setattr(swap, "_catch_up", counted)
    for name, value in platform.environment.items():
        monkeypatch.setenv(name, value)
    request = ReplayRequest("assessment", LEDGER, From.EVENT_LOG)
    asked = Swap("assessment", LEDGER, "event-log", "somebody", None)
    async with platform.live(), Store(platform.urls["assessment"].owner, pool_size=1) as owner:
        swapped = await replace(
            owner,
            asked,
            lambda tx, after: source_of(request, tx, after),
            lambda service: platform.urls[service].worker,
            lambda _: None,
            lambda _: None,
        )
    assert caught_up == 0
    assert swapped.held_for == 3
    assert swapped.filling.applied > 50
    assert (await compared(platform, full=True))["ledger"].differing == 0


async def test_every_district_has_its_turn_within_the_nights_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    districts = [f"{number:06}" for number in range(510101, 510141)]
    seals: dict[tuple[str, str], Seal] = {}
    nights: list[str] = []
    for night in range(by_district.NIGHTS):
        due = by_district._due(districts, seals, ["ledger"])
        assert len(due) == 2
        nights += due
        for district in due:
            at = datetime(2026, 1, 1 + night, tzinfo=UTC)
            seals[district, "ledger"] = Seal({}, {}, at)
    assert set(nights) == set(districts)


async def _as_owner(platform: Platform, table: str, *statements: str) -> None:
    """Do to a table what no role of the service may."""
    append_only = table == "ledger_entry"
    off = [f"ALTER TABLE {table} DISABLE TRIGGER append_only"] * append_only
    on = [f"ALTER TABLE {table} ENABLE TRIGGER append_only"] * append_only
    await platform.as_superuser(
        "assessment",
        f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
        *off,
        *statements,
        *on,
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
    )
