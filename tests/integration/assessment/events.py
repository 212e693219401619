"""Others' events, as assessment receives them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from shared.contracts import (
    Event,
    Provenance,
    RegistrationSource,
    ServiceCorrected,
    ServiceLogged,
    ServiceRated,
    ServiceRecordsImported,
    VolunteerRegistered,
)
from shared.contracts.envelope import Attributes
from shared.contracts.received import Received
from shared.store.event_log import new_id

DISTRICT, OTHER_DISTRICT = "510115", "510116"
MORNING = datetime(2026, 3, 1, 1, tzinfo=UTC)
STATION = UUID(int=1)


def received(
    data: Event, aggregate_id: UUID, version: int = 1, district: str = DISTRICT, at: datetime = MORNING
) -> Received[Any]:
    return Received(Attributes(new_id(), data.event_type(), at, str(aggregate_id), version, district), data)


def logged(
    volunteer_id: UUID,
    minutes: int = 60,
    *,
    import_id: UUID | None = None,
    district: str = DISTRICT,
    started_at: datetime = MORNING,
    rating: int | None = None,
    station_id: UUID = STATION,
    service: str = "culture",
    provenance: Provenance = Provenance.LEADER,
) -> Received[ServiceLogged]:
    record_id = new_id()
    data = ServiceLogged(
        record_id=record_id,
        record_no=f"SR{record_id.hex[-12:]}",
        volunteer_id=volunteer_id,
        station_id=station_id,
        activity_title="社区读书会",
        service=service,
        started_at=started_at,
        ended_at=started_at + timedelta(minutes=minutes),
        minutes=minutes,
        rating=rating,
        provenance=Provenance.IMPORT if import_id else provenance,
        import_id=import_id,
    )
    return received(data, record_id, district=district)


def corrected(
    record: Received[ServiceLogged], minutes: int, *, previous: int | None = None, version: int = 2, **changes: Any
) -> Received[ServiceCorrected]:
    data = ServiceCorrected(
        record_id=record.data.record_id,
        volunteer_id=changes.get("volunteer_id", record.data.volunteer_id),
        minutes=minutes,
        previous_minutes=record.data.minutes if previous is None else previous,
        reason="核对",
    )
    return received(data, record.data.record_id, version, record.attributes.district)


def rated(record: Received[ServiceLogged], rating: int, *, version: int) -> Received[ServiceRated]:
    """Say how good a service was, as its organiser does."""
    data = ServiceRated(record_id=record.data.record_id, volunteer_id=record.data.volunteer_id, rating=rating)
    return received(data, record.data.record_id, version, record.attributes.district)


def imported(
    records: Sequence[Received[ServiceLogged]], import_id: UUID, *, minutes: int | None = None, district: str = DISTRICT
) -> Received[ServiceRecordsImported]:
    total = sum(record.data.minutes for record in records)
    data = ServiceRecordsImported(
        import_id=import_id, records=len(records), minutes=total if minutes is None else minutes
    )
    return received(data, import_id, district=district)


def registered(number: int) -> Received[VolunteerRegistered]:
    volunteer_id = new_id()
    data = VolunteerRegistered(
        volunteer_id=volunteer_id,
        volunteer_no=f"V{number}",
        category="resident",
        registered_on=MORNING.date(),
        source=RegistrationSource.IMPORT,
    )
    return received(data, volunteer_id)
