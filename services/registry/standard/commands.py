"""Showing evidence, judging a criterion, choosing the standard, and making plans for the network.

Invariant: a judgement and what follows from it commit together; it names the template it is by. Evidence is taken from
the station and its district alone, and is on file sealed.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.people.domain.privacy import KeyRing
from services.registry.standard import judged, repository
from services.registry.standard.domain.evidence import MOST_FILES, TITLE_LENGTH, checked_type
from services.registry.standard.domain.standing import latest_expiry
from services.registry.standard.domain.template import TEMPLATES, By, Criterion, Template
from services.registry.standard.review import review
from shared.contracts import CriterionJudged, StandardAdopted
from shared.contracts.actor import Actor, Reach
from shared.contracts.calendar import district_day
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store import event_log
from shared.store.event_log import NewEvent, new_id, now

NOTE_LENGTH = 500


class EvidenceAdded(BaseModel):
    """A file that is on file."""

    id: UUID
    media_type: str
    size: int


class EvidenceRemoved(BaseModel):
    """A file whose content is destroyed."""

    id: UUID


class CriterionIsJudged(BaseModel):
    """A criterion as the centre has judged it, and how the station stands now."""

    station_id: UUID
    criterion: str
    holds: bool
    expires_on: date
    status: str


class StandardIsAdopted(BaseModel):
    """What the district goes by, and how many stations were reviewed by it."""

    template: str
    stations: int


@dataclass(frozen=True, slots=True)
class Opened:
    """Evidence in clear: its content, its type, what it is called."""

    content: bytes
    media_type: str
    title: str


async def add_evidence(
    tx: AsyncConnection, actor: Actor, keys: KeyRing, station_id: UUID, criterion: str, title: str, content: bytes
) -> EvidenceAdded:
    """Put a file on file that shows that a criterion holds.

    Raises RefusedError: ``not_found``, ``closed``; ``unknown_value`` for a criterion that the template in force lacks,
    ``is_computed`` for one that nobody judges; ``missing``, ``too_long``, ``too_large``, ``not_evidence``; ``too_many``
    over 20 files.
    """
    await _require_station(tx, actor, station_id)
    faults = [] if title else [Fault("title", Code.MISSING)]
    if len(title) > TITLE_LENGTH:
        faults.append(Fault("title", Code.TOO_LONG))
    media_type = ""
    try:
        media_type = checked_type(content)
    except RefusedError as refused:
        faults += refused.faults
    if faults:
        raise RefusedError(*faults)
    template, of = await _judgeable(tx, actor.district, criterion)
    if await judged.count_evidence(tx, actor.district, station_id, template.code, of.code) >= MOST_FILES:
        raise RefusedError(Fault("file", Code.TOO_MANY))
    evidence_id = new_id()
    wrapped_key, sealed = keys.seal_evidence(evidence_id, content)
    await judged.insert_evidence(
        tx,
        actor.district,
        {
            "id": evidence_id,
            "station_id": station_id,
            "template": template.code,
            "criterion": of.code,
            "title": title,
            "media_type": media_type,
            "size": len(content),
            "wrapped_key": wrapped_key,
            "sealed": sealed,
            "added_by": actor.name,
            "added_at": now(),
        },
    )
    return EvidenceAdded(id=evidence_id, media_type=media_type, size=len(content))


async def open_evidence(tx: AsyncConnection, actor: Actor, keys: KeyRing, evidence_id: UUID) -> Opened:
    """Return evidence in clear. Raises RefusedError (not_found), too where it is of a station out of reach."""
    row = await judged.find_evidence(tx, actor.district, evidence_id)
    if row is None or not actor.reaches(unit=row.station_id, made_by=row.added_by):
        raise RefusedError(Fault("evidence_id", Code.NOT_FOUND))
    return Opened(keys.open_evidence(evidence_id, row.wrapped_key, row.sealed), row.media_type, row.title)


async def remove_evidence(tx: AsyncConnection, actor: Actor, evidence_id: UUID) -> EvidenceRemoved:
    """Destroy evidence that should not have been shown. Raises RefusedError (not_found)."""
    row = await judged.find_evidence(tx, actor.district, evidence_id)
    if row is None or not actor.reaches(unit=row.station_id, made_by=row.added_by):
        raise RefusedError(Fault("evidence_id", Code.NOT_FOUND))
    await judged.remove_evidence(tx, actor.district, evidence_id, now())
    return EvidenceRemoved(id=evidence_id)


async def judge(
    tx: AsyncConnection,
    actor: Actor,
    station_id: UUID,
    criterion: str,
    note: str,
    expires_on: date | None,
    *,
    holds: bool,
) -> CriterionIsJudged:
    """Say whether a criterion holds, and until when; without a day as long as the template allows.

    Raises RefusedError: ``not_found``, ``closed``; ``unknown_value`` or ``is_computed`` for the criterion; a day
    ``in_past`` or ``out_of_range``; a note that is ``missing`` where it does not hold, or ``too_long``.
    """
    name = await _require_station(tx, actor, station_id)
    today = district_day(now())
    template, of = await _judgeable(tx, actor.district, criterion)
    latest = latest_expiry(of, today)
    until = expires_on if expires_on and holds else latest
    faults = [Fault("expires_on", Code.IN_PAST)] if until < today else []
    if until > latest:
        faults.append(Fault("expires_on", Code.OUT_OF_RANGE))
    if not holds and not note:
        faults.append(Fault("note", Code.MISSING))
    if len(note) > NOTE_LENGTH:
        faults.append(Fault("note", Code.TOO_LONG))
    if faults:
        raise RefusedError(*faults)
    [standing] = await repository.lock_standings(tx, [(actor.district, station_id)])
    said = {"template": template.code, "criterion": of.code, "holds": holds, "expires_on": until}
    await judged.insert_judgement(
        tx,
        actor.district,
        {"id": new_id(), "station_id": station_id, **said, "note": note, "made_by": actor.name, "made_at": now()},
    )
    event = CriterionJudged.model_validate(
        {"standing_id": standing.id, "station_id": station_id, "station_name": name, **said}
    )
    await event_log.append(tx, [NewEvent(actor.district, standing.id, standing.version + 1, event, actor.name)])
    await repository.note_version(tx, actor.district, station_id)
    await review(tx, actor.district, [station_id], actor.name, today)
    [after] = await repository.lock_standings(tx, [(actor.district, station_id)])
    return CriterionIsJudged(
        station_id=station_id, criterion=of.code, holds=holds, expires_on=until, status=after.status
    )


async def adopt_standard(tx: AsyncConnection, actor: Actor, template: str) -> StandardIsAdopted:
    """Go by another list of criteria from now on; every open station is reviewed by it.

    Raises RefusedError: ``unknown_value`` for a template that does not ship, ``not_open`` where it holds already.
    """
    if template not in TEMPLATES:
        raise RefusedError(Fault("template", Code.UNKNOWN_VALUE))
    previous = await repository.template_of(tx, actor.district)
    if previous.code == template:
        raise RefusedError(Fault("template", Code.NOT_OPEN))
    await repository.adopt(tx, actor.district, template, actor.name, now())
    adoption_id = new_id()
    event = StandardAdopted(adoption_id=adoption_id, template=template, previous=previous.code)
    await event_log.append(tx, [NewEvent(actor.district, adoption_id, 1, event, actor.name)])
    stations = await repository.open_stations(tx, actor.district)
    await review(tx, actor.district, stations, actor.name, district_day(now()))
    return StandardIsAdopted(template=template, stations=len(stations))


async def _require_station(tx: AsyncConnection, actor: Actor, station_id: UUID) -> str:
    """Return the name of a station that is the actor's to deal with, and open. Raises RefusedError."""
    station = await repository.find_station(tx, actor.district, station_id)
    if station is None or (actor.reach is not Reach.DISTRICT and station_id not in actor.scope.units):
        raise RefusedError(Fault("station_id", Code.NOT_FOUND))
    if station.closed_on:
        raise RefusedError(Fault("station_id", Code.CLOSED))
    name: str = station.name
    return name


async def _judgeable(tx: AsyncConnection, district: str, code: str) -> tuple[Template, Criterion]:
    """Return the template in force and its criterion of a code, which is one that is judged. Raises RefusedError."""
    template = await repository.template_of(tx, district)
    criterion = template.criterion(code)
    if criterion is None:
        raise RefusedError(Fault("criterion", Code.UNKNOWN_VALUE))
    if criterion.by is not By.JUDGEMENT:
        raise RefusedError(Fault("criterion", Code.IS_COMPUTED))
    return template, criterion
