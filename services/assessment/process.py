"""What assessment announces once the ledger has changed: hours, stars, and the end of an import.

Invariant: what is announced follows from fresh events alone (the consumer's inbox sees to that) and commits with the
ledger. Records of an import are not announced one by one: when the last of them is in the ledger, which may be before
or after ``ServiceRecordsImported`` says how many there are (it travels on another partition), one ``ImportCredited``
closes the import, and everybody who crossed a star level by it hears of it once.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment import repository
from services.assessment.repository import ClosedImport, Standing
from shared.contracts import (
    Event,
    HoursCorrected,
    HoursCredited,
    ImportCredited,
    ServiceCorrected,
    ServiceLogged,
    ServiceRecordsImported,
    StarLevelReached,
)
from shared.contracts.received import Received
from shared.store.event_log import NewEvent, append


async def announce_hours(
    tx: AsyncConnection, events: Sequence[Received[ServiceLogged] | Received[ServiceCorrected]]
) -> None:
    """Tell of every single credit and correction, and of the star levels they lead to."""
    by_volunteer: dict[tuple[str, UUID], list[Received[Any]]] = defaultdict(list)
    for event in events:
        if isinstance(event.data, ServiceCorrected) or event.data.import_id is None:
            by_volunteer[event.attributes.district, event.data.volunteer_id].append(event)
    if not by_volunteer:
        return
    rules = await repository.rule_sets(tx, {district for district, _ in by_volunteer})
    counts = {volunteer: len(told) for volunteer, told in by_volunteer.items()}
    announcements: list[NewEvent] = []
    for standing in await repository.announce(tx, counts, rules):
        told = by_volunteer[standing.district, standing.volunteer_id]
        announcements += _hours(standing, told)
        if standing.level > standing.previous_level:
            announcements.append(_star(standing, rules[standing.district].name, f"event:{told[-1].attributes.id}"))
    await append(tx, announcements)


def _hours(standing: Standing, events: Sequence[Received[Any]]) -> list[NewEvent]:
    """Return an announcement per event, with the lifetime minutes as they were after it."""
    rose = standing.level > standing.previous_level
    version = standing.version - rose - len(events)
    lifetime = standing.lifetime_minutes - sum(_change(event.data) for event in events)
    announcements = []
    for event in events:
        version += 1
        lifetime += _change(event.data)
        announcements.append(
            NewEvent(
                standing.district,
                standing.volunteer_id,
                version,
                _hours_event(event.data, lifetime),
                f"event:{event.attributes.id}",
            )
        )
    return announcements


def _change(data: ServiceLogged | ServiceCorrected) -> int:
    return data.minutes - (data.previous_minutes if isinstance(data, ServiceCorrected) else 0)


def _hours_event(data: ServiceLogged | ServiceCorrected, lifetime_minutes: int) -> Event:
    if isinstance(data, ServiceCorrected):
        return HoursCorrected(
            volunteer_id=data.volunteer_id,
            record_id=data.record_id,
            minutes=data.minutes,
            previous_minutes=data.previous_minutes,
            lifetime_minutes=lifetime_minutes,
        )
    return HoursCredited(
        volunteer_id=data.volunteer_id,
        record_id=data.record_id,
        minutes=data.minutes,
        lifetime_minutes=lifetime_minutes,
        activity_title=data.activity_title,
        provenance=data.provenance,
    )


def _star(standing: Standing, rules: str, caused_by: str, import_id: UUID | None = None) -> NewEvent:
    data = StarLevelReached(
        volunteer_id=standing.volunteer_id,
        level=standing.level,
        previous_level=standing.previous_level,
        lifetime_minutes=standing.lifetime_minutes,
        rule_set=rules,
        import_id=import_id,
    )
    return NewEvent(standing.district, standing.volunteer_id, standing.version, data, caused_by)


async def follow_imports(
    tx: AsyncConnection, events: Sequence[Received[ServiceLogged] | Received[ServiceRecordsImported]]
) -> None:
    """Count an import's records as they are credited, and close it when all of them are."""
    credited: list[tuple[str, UUID, int]] = []
    expected: list[tuple[str, UUID, int, int]] = []
    for event in events:
        district, data = event.attributes.district, event.data
        if isinstance(data, ServiceRecordsImported):
            expected.append((district, data.import_id, data.records, data.minutes))
        elif data.import_id is not None:
            credited.append((district, data.import_id, data.minutes))
    if credited:
        await repository.note_credited(tx, credited)
    if expected:
        await repository.note_expected(tx, expected)
    touched = {(district, import_id) for district, import_id, _ in credited}
    touched |= {(district, import_id) for district, import_id, _, _ in expected}
    if touched:
        for closed in await repository.close_complete(tx, touched):
            await _announce_import(tx, closed)


async def _announce_import(tx: AsyncConnection, closed: ClosedImport) -> None:
    rules = (await repository.rule_sets(tx, {closed.district}))[closed.district]
    caused_by = f"import:{closed.import_id}"
    data = ImportCredited(
        import_id=closed.import_id, records=closed.records, minutes=closed.minutes, volunteers=closed.volunteers
    )
    risen = await repository.raise_levels(tx, closed.district, closed.import_id, rules)
    stars = [_star(standing, rules.name, caused_by, closed.import_id) for standing in risen]
    await append(tx, [NewEvent(closed.district, closed.import_id, 1, data, caused_by), *stars])
