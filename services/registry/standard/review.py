"""Reviewing stations: how each criterion and each station stands today, and what has changed by it.

Invariant: rows and events of a review commit together, and follow from judgements, service and the day alone: a review
that finds nothing different tells nothing. A station's standing is held from before anything is read
(``repository.lock_standings``).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.standard import repository
from services.registry.standard.domain.computed import Service, find
from services.registry.standard.domain.standing import Cause, Found, Judgement, Status, judged, review_on, status_of
from services.registry.standard.domain.template import By, Criterion, Template
from shared.contracts import CriterionLapsed, CriterionMet, Event, StationStatusChanged
from shared.store import event_log
from shared.store.event_log import NewEvent


@dataclass(frozen=True, slots=True)
class _Read:
    """What a review looks at, of all its stations."""

    template: Template
    named: Mapping[UUID, Row[Any]]
    judgements: Mapping[tuple[UUID, str], Row[Any]]
    held: Mapping[tuple[UUID, str], bool]
    service: Mapping[UUID, Row[Any]]


@dataclass(frozen=True, slots=True)
class _Reviewed:
    """A station's standing of before, and what was found."""

    before: Row[Any]
    found: Sequence[Found]
    status: Status
    review_on: date


async def review(tx: AsyncConnection, district: str, stations: Collection[UUID], caused_by: str, today: date) -> None:
    """Review stations of a district, and tell what has changed; closed ones are left as they were."""
    held = await repository.lock_standings(tx, [(district, station_id) for station_id in sorted(set(stations))])
    if not held:
        return
    ids = [row.station_id for row in held]
    template = await repository.template_of(tx, district)
    read = _Read(
        template,
        await repository.stations_named(tx, district, ids),
        await repository.last_judgements(tx, district, template.code, ids),
        await repository.standing_criteria(tx, district, template.code, ids),
        await repository.service_at(tx, district, template, ids, today),
    )
    reviewed = [_look_at(before, read, today) for before in held]
    changed = [one.before.station_id for one in reviewed if _has_changed(one, read)]
    told_of = await repository.recipients_of(tx, district, changed) if changed else {}
    events = {
        one.before.station_id: list(_events(one, read, told_of.get(one.before.station_id, ()))) for one in reviewed
    }
    await repository.put_criteria(
        tx, district, template.code, today, [(one.before.station_id, each) for one in reviewed for each in one.found]
    )
    await repository.put_standings(
        tx,
        district,
        template.code,
        today,
        [
            (one.before.station_id, one.status, one.review_on, one.before.version + len(events[one.before.station_id]))
            for one in reviewed
        ],
    )
    await event_log.append(
        tx,
        [
            NewEvent(district, one.before.id, version, event, caused_by)
            for one in reviewed
            for version, event in enumerate(events[one.before.station_id], one.before.version + 1)
        ],
    )


def _look_at(before: Row[Any], read: _Read, today: date) -> _Reviewed:
    station_id, opens_on = before.station_id, read.named[before.station_id].opened_on
    row = read.service[station_id]
    service = Service(row.days, row.steady, row.kinds)
    found = [_stands(criterion, read.judgements.get((station_id, criterion.code)), service, today)
             for criterion in read.template.criteria]  # fmt: skip
    status = status_of(Status(before.status), found, is_open=opens_on is not None and opens_on <= today)
    return _Reviewed(before, found, status, review_on(read.template, found, today, opens_on))


def _stands(criterion: Criterion, said: Row[Any] | None, service: Service, today: date) -> Found:
    if criterion.by is By.JUDGEMENT:
        return judged(criterion, Judgement(said.holds, said.expires_on) if said else None, today)
    computed = find(criterion, service, today)
    return Found(criterion.code, holds=computed.holds, cause=Cause.COMPUTED, facts=computed.facts)


def _has_changed(one: _Reviewed, read: _Read) -> bool:
    """Return whether there is something to tell: a criterion stands differently, or the station does."""
    return one.status != one.before.status or any(
        each.holds != read.held.get((one.before.station_id, each.criterion), False) for each in one.found
    )


def _events(one: _Reviewed, read: _Read, recipients: tuple[UUID, ...]) -> Iterator[Event]:
    station_id = one.before.station_id
    of_standing = {
        "standing_id": one.before.id,
        "station_id": station_id,
        "station_name": read.named[station_id].name,
        "template": read.template.code,
    }
    for criterion, each in zip(read.template.criteria, one.found, strict=True):
        held = read.held.get((station_id, criterion.code), False)
        if each.holds and not held:
            yield CriterionMet(**of_standing, criterion=criterion.code, cause=each.cause)
        elif held and not each.holds:
            yield CriterionLapsed(
                **of_standing,
                criterion=criterion.code,
                criterion_name=criterion.name,
                criterion_name_en=criterion.name_en,
                cause=each.cause,
                status=one.status,
                recipient_ids=recipients,
            )
    if one.status != one.before.status:
        yield StationStatusChanged(
            **of_standing,
            status=one.status,
            previous=one.before.status,
            lacking=tuple(each.criterion for each in one.found if not each.holds),
            recipient_ids=recipients,
        )
