"""From service records to hours and stars: what is new in the ledger is announced, and imports are closed.

Invariant: what is announced follows from entries that are new in the ledger, and commits with them. Records of an
import are not announced one by one: when the last of them is in the ledger, which may be before or after
``ServiceRecordsImported`` says how many there are (it travels on another partition), one ``ImportCredited`` closes the
import, and everybody who crossed a star level by it hears of it once. So a batch is entered in the ledger before the
imports that it completes are closed: `REACTIONS` lists them in that order. The number of statements does not depend on
the number of events.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.ledger.imports import IMPORTS
from services.assessment.ledger.projections import CARRIED, LEDGER, RATINGS, Entered
from services.assessment.ledger.repository import close_complete, refresh_statistics
from services.assessment.register.projections import MERGED_VOLUNTEERS, MOVED_VOLUNTEERS
from services.assessment.register.queries import persons
from services.assessment.rules.domain import RuleBook, RuleSet
from services.assessment.rules.repository import rule_book
from services.assessment.stars.carrying import carry_again, carry_moved
from services.assessment.stars.projections import AWARDS
from services.assessment.stars.repository import (
    Standing,
    announce,
    forget_stars,
    keep_stars,
    raise_levels,
    restate,
    stars_of,
    stars_without,
)
from shared.contracts import (
    Event,
    HoursCarried,
    HoursCorrected,
    HoursCredited,
    ImportCredited,
    ServiceCorrected,
    ServiceLogged,
    ServiceRated,
    ServiceRecordsImported,
    StarLevelReached,
    StarLevelRestated,
    VolunteerMergeUndone,
    VolunteerMovedIn,
    VolunteersMerged,
)
from shared.contracts.received import Received
from shared.messaging.reactions import History, Reaction
from shared.store.event_log import NewEvent, append


async def announce_hours(tx: AsyncConnection, events: Sequence[Received[Any]], entered: Entered) -> None:
    """Tell of every single credit and correction that is new in the ledger, and of the star levels they lead to."""
    new = [event for event in events if event.attributes.id in entered.events and not _is_imported(event)]
    if not new:
        return
    rules = rules_in_force(entered.rules, events)
    by_volunteer: dict[tuple[str, UUID], list[Received[Any]]] = defaultdict(list)
    entries = [(event.attributes.district, event.data.volunteer_id) for event in new]
    now_of = await persons(tx, set(entries))
    for event, (district, volunteer_id) in zip(new, entries, strict=True):
        by_volunteer[district, now_of.get((district, volunteer_id), volunteer_id)].append(event)
    announcements: list[NewEvent] = []
    counts = {volunteer: len(told) for volunteer, told in by_volunteer.items()}
    for standing in await announce(tx, counts, rules):
        told = by_volunteer[standing.district, standing.volunteer_id]
        announcements += _hours(standing, told)
        if standing.level > standing.previous_level:
            announcements.append(_star(standing, rules[standing.district].name, f"event:{told[-1].attributes.id}"))
    await append(tx, announcements)


def _is_imported(event: Received[Any]) -> bool:
    return isinstance(event.data, ServiceLogged) and event.data.import_id is not None


def rules_in_force(book: RuleBook, events: Sequence[Received[Any]]) -> dict[str, RuleSet]:
    """Return the rules that each district followed when the latest of its events happened."""
    latest: dict[str, datetime] = {}
    for event in events:
        district, moment = event.attributes.district, event.attributes.time
        latest[district] = max(moment, latest.get(district, moment))
    return {district: book.in_force(district, at) for district, at in latest.items()}


def _hours(standing: Standing, events: Sequence[Received[Any]]) -> list[NewEvent]:
    """Return an announcement per event, with the lifetime minutes as they were after it."""
    rose = standing.level > standing.previous_level
    first_version = standing.version - rose - len(events) + 1
    lifetime = standing.lifetime_minutes - sum(_change(event.data) for event in events)
    announcements = []
    for version, event in enumerate(events, first_version):
        lifetime += _change(event.data)
        announcements.append(
            NewEvent(
                standing.district,
                standing.volunteer_id,
                version,
                _hours_event(standing.volunteer_id, event.data, lifetime),
                f"event:{event.attributes.id}",
            )
        )
    return announcements


def _change(data: ServiceLogged | ServiceCorrected) -> int:
    return data.minutes - (data.previous_minutes if isinstance(data, ServiceCorrected) else 0)


def _hours_event(volunteer_id: UUID, data: ServiceLogged | ServiceCorrected, lifetime_minutes: int) -> Event:
    if isinstance(data, ServiceCorrected):
        return HoursCorrected(
            volunteer_id=volunteer_id,
            record_id=data.record_id,
            minutes=data.minutes,
            previous_minutes=data.previous_minutes,
            lifetime_minutes=lifetime_minutes,
            activity_title=data.activity_title,
            claim_id=data.claim_id,
        )
    return HoursCredited(
        volunteer_id=volunteer_id,
        record_id=data.record_id,
        minutes=data.minutes,
        lifetime_minutes=lifetime_minutes,
        activity_title=data.activity_title,
        provenance=data.provenance,
        claim_id=data.claim_id,
    )


def _star(standing: Standing, rule_set: str, caused_by: str, import_id: UUID | None = None) -> NewEvent:
    """Return the announcement of a star: of the volunteer's account, as their hours are, with its next version."""
    data = StarLevelReached(
        volunteer_id=standing.volunteer_id,
        level=standing.level,
        previous_level=standing.previous_level,
        lifetime_minutes=standing.lifetime_minutes,
        rule_set=rule_set,
        import_id=import_id,
    )
    return NewEvent(standing.district, standing.volunteer_id, standing.version, data, caused_by)


async def close_imports(
    tx: AsyncConnection, events: Sequence[Received[Any]], touched: Collection[tuple[str, UUID]]
) -> None:
    """Close the imports, (district, id) each, all of whose records are in the ledger now, and tell whom they raised."""
    if not touched or not (closed := await close_complete(tx, touched)):
        return
    await refresh_statistics(tx, closed, "known_volunteer", "ledger_entry", "volunteer_hours")
    rules = rules_in_force(await rule_book(tx, {event.attributes.district for event in events}), events)
    announcements = [
        NewEvent(
            done.district,
            done.import_id,
            1,
            ImportCredited(
                import_id=done.import_id, records=done.records, minutes=done.minutes, volunteers=done.volunteers
            ),
            f"import:{done.import_id}",
        )
        for done in closed
    ]
    theirs = {done.district: rules[done.district] for done in closed}
    raised = await raise_levels(tx, [done.import_id for done in closed], theirs)
    await refresh_statistics(tx, closed, "award")
    stars = [
        _star(standing, rules[standing.district].name, f"import:{import_id}", import_id)
        for import_id, standing in raised
    ]
    await append(tx, [*announcements, *stars])


async def restate_levels(tx: AsyncConnection, events: Sequence[Received[Any]], _: object) -> None:
    """Let the levels follow where entries were merged, or are two again.

    What a merger raises falls with it; what an entry was awarded before, or has earned by itself, stays.
    """
    book = await rule_book(tx, {event.attributes.district for event in events})
    rules = rules_in_force(book, events)
    for event in events:
        district, kept_id = event.attributes.district, event.data.kept_id
        stars = await stars_of(tx, district, kept_id)
        is_undone = isinstance(event.data, VolunteerMergeUndone)
        if is_undone:
            before = await stars_without(tx, district, kept_id)
            await _restate(tx, event, kept_id, stars if before is None else before, rules[district])
            own = await stars_of(tx, district, event.data.volunteer_id)
            await _restate(tx, event, event.data.volunteer_id, own, rules[district])
            await forget_stars(tx, district, kept_id)
        else:
            await keep_stars(tx, district, kept_id, stars)
            await _restate(tx, event, kept_id, stars, rules[district])


async def _restate(tx: AsyncConnection, event: Received[Any], volunteer_id: UUID, floor: int, rules: RuleSet) -> None:
    standing = await restate(tx, event.attributes.district, volunteer_id, floor, rules)
    if standing is None:
        return
    caused_by = f"event:{event.attributes.id}"
    if standing.level > standing.previous_level:
        await append(tx, [_star(standing, rules.name, caused_by)])
        return
    fallen = StarLevelRestated(
        volunteer_id=volunteer_id,
        level=standing.level,
        previous_level=standing.previous_level,
        lifetime_minutes=standing.lifetime_minutes,
        rule_set=rules.name,
    )
    await append(tx, [NewEvent(standing.district, volunteer_id, standing.version, fallen, caused_by)])


REACTIONS = (
    Reaction(ServiceLogged, projects=LEDGER, decides=announce_hours),
    Reaction(ServiceCorrected, projects=LEDGER, decides=announce_hours),
    Reaction(ServiceRated, projects=RATINGS, history=History.IGNORE),  # of before this is subscribed to there are none
    Reaction(ServiceLogged, projects=IMPORTS, decides=close_imports),
    Reaction(ServiceRecordsImported, projects=IMPORTS, decides=close_imports),
    Reaction(HoursCredited, projects=AWARDS),
    Reaction(HoursCorrected, projects=AWARDS),
    Reaction(StarLevelReached, projects=AWARDS),
    Reaction(StarLevelRestated, projects=AWARDS),
    Reaction(VolunteersMerged, projects=MERGED_VOLUNTEERS, decides=restate_levels),
    Reaction(VolunteerMergeUndone, projects=MERGED_VOLUNTEERS, decides=restate_levels),
    Reaction(HoursCarried, projects=CARRIED),
    Reaction(HoursCarried, projects=AWARDS),
    Reaction(VolunteerMovedIn, projects=MOVED_VOLUNTEERS, decides=carry_moved),
    # Last of a batch, when the ledger has it and its imports are closed.
    *(
        Reaction(event, decides=carry_again, history=History.IGNORE)
        for event in (ServiceLogged, ServiceCorrected, ServiceRecordsImported, VolunteersMerged, VolunteerMergeUndone)
    ),
)
