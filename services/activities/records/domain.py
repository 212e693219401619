"""Service records: what one must say, and that nobody serves in two places at once.

Invariant: a record's minutes are no more than lie between its times, fewer by its breaks (MCA Order 67, art. 7: the
time actually given); the sessions of one volunteer never overlap, whether they come from a file or from a check-out; a
record number means one content for ever.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from struct import Struct
from typing import Final, NamedTuple, NoReturn
from uuid import UUID

from services.activities.publishing.domain import title_fault
from shared.contracts import Provenance, ServiceCorrected, ServiceLogged, text
from shared.contracts.calendar import CHINA, district_day
from shared.contracts.codes import SERVICE_OF
from shared.contracts.faults import Code, Fault, RefusedError

LONGEST_SESSION = timedelta(hours=24)
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
OWN_PREFIX: Final = "LB-"
"""Numbers given at check-out begin so; a file may repeat such a record, but not invent one."""
_CODE = re.compile(r"[^\W_][\w./-]{0,39}")
"""How numbers and codes look: letters (of any script) and digits, with a few signs between them."""
_NUMBERS = Struct("<ddHB")
_LOCAL_TIME = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})[T ](\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)
_WITH_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}.*")
"""ISO 8601 as people and programs write it; a day alone says nothing of when on it."""


class ServiceRecord(NamedTuple):
    """A session as it is recorded; times are UTC, ``rating`` is 1 to 5."""

    record_no: str
    volunteer_id: UUID
    station_id: UUID
    activity: str
    service: str
    started_at: datetime
    ended_at: datetime
    minutes: int
    rating: int | None

    def digest(self) -> bytes:
        """Return 16 bytes that stand for the whole content."""
        numbers = _NUMBERS.pack(self.started_at.timestamp(), self.ended_at.timestamp(), self.minutes, self.rating or 0)
        content = (
            self.volunteer_id.bytes + self.station_id.bytes + numbers + f"{self.service}\n{self.activity}".encode()
        )
        return blake2b(content, digest_size=16).digest()

    def logged(self, record_id: UUID, provenance: Provenance, import_id: UUID | None = None) -> ServiceLogged:
        """Return the event that tells of the record; ``import_id`` where a file brought it."""
        return ServiceLogged(
            record_id=record_id,
            record_no=self.record_no,
            volunteer_id=self.volunteer_id,
            station_id=self.station_id,
            activity_title=self.activity,
            service=self.service,
            started_at=self.started_at,
            ended_at=self.ended_at,
            minutes=self.minutes,
            rating=self.rating,
            provenance=provenance,
            import_id=import_id,
        )


class RecordOnFile(NamedTuple):
    """A record under its present version; ``sign_up_id`` where it is of an attendance."""

    id: UUID
    version: int
    sign_up_id: UUID | None
    provenance: Provenance
    record: ServiceRecord

    def corrected(self, record: ServiceRecord) -> "RecordOnFile":
        """Return it under its next version."""
        return self._replace(version=self.version + 1, record=record)

    def correction(self, before: ServiceRecord, reason: str) -> ServiceCorrected:
        """Return the event that it has been corrected; times are told where they have changed."""
        after = self.record
        retimed = (before.started_at, before.ended_at) != (after.started_at, after.ended_at)
        return ServiceCorrected(
            record_id=self.id,
            volunteer_id=after.volunteer_id,
            minutes=after.minutes,
            previous_minutes=before.minutes,
            reason=reason,
            started_at=after.started_at if retimed else None,
            ended_at=after.ended_at if retimed else None,
            activity_title=after.activity,
        )


class SubmittedRecord(NamedTuple):
    """A line that is right in itself; whom and where it names is not yet looked up."""

    record_no: str
    volunteer_no: str
    station_code: str
    activity: str
    service: str
    started_at: datetime
    ended_at: datetime
    minutes: int
    rating: int | None
    normalised: bool

    def of(self, volunteer_id: UUID, station_id: UUID) -> ServiceRecord:
        """Return the record that it makes of the volunteer and the station that it names."""
        return ServiceRecord(
            self.record_no,
            volunteer_id,
            station_id,
            self.activity,
            self.service,
            self.started_at,
            self.ended_at,
            self.minutes,
            self.rating,
        )


class Session(NamedTuple):
    """When a volunteer serves, from ``started_at`` until just before ``ended_at`` (UTC)."""

    volunteer_id: UUID
    started_at: datetime
    ended_at: datetime


class Timeline:
    """The sessions of one volunteer, none of which overlap."""

    __slots__ = ("_ends", "_starts")

    def __init__(self) -> None:
        self._starts: list[datetime] = []
        self._ends: list[datetime] = []

    def place(self, started_at: datetime, ended_at: datetime) -> bool:
        """Take the session in and return True; or return False where it overlaps one that is here."""
        index = bisect_right(self._starts, started_at)
        if index and self._ends[index - 1] > started_at:
            return False
        if index < len(self._starts) and self._starts[index] < ended_at:
            return False
        self._starts.insert(index, started_at)
        self._ends.insert(index, ended_at)
        return True


class RecordBook:
    """What is on file for everybody that some lines name; takes the lines in, one by one, in their order."""

    def __init__(
        self,
        volunteers: Mapping[str, UUID],
        stations: Mapping[str, UUID],
        digests: Mapping[str, bytes],
        sessions: Iterable[Session],
    ) -> None:
        """Open it with volunteer ids by number, station ids by code, digests by record number, and sessions."""
        self._volunteers = volunteers
        self._stations = stations
        self._digests = dict(digests)
        self._timelines: dict[UUID, Timeline] = {}
        for session in sessions:
            self._timeline(session.volunteer_id).place(session.started_at, session.ended_at)

    def enter(self, line: SubmittedRecord) -> ServiceRecord | None:
        """Return the new record, or None where the same is on file. Raises RefusedError naming the field at fault."""
        volunteer_id = self._volunteers.get(line.volunteer_no) or _refuse("volunteer_no", Code.UNKNOWN_REFERENCE)
        station_id = self._stations.get(line.station_code) or _refuse("station_code", Code.UNKNOWN_REFERENCE)
        record = line.of(volunteer_id, station_id)
        digest = record.digest()
        seen = self._digests.get(line.record_no)
        if seen is not None:
            return None if seen == digest else _refuse("record_no", Code.ALREADY_RECORDED)
        if line.record_no.startswith(OWN_PREFIX):
            _refuse("record_no", Code.UNKNOWN_REFERENCE)
        if not self._timeline(volunteer_id).place(record.started_at, record.ended_at):
            _refuse("started_at", Code.OVERLAP)
        self._digests[line.record_no] = digest
        return record

    def _timeline(self, volunteer_id: UUID) -> Timeline:
        timeline = self._timelines.get(volunteer_id)
        if timeline is None:
            timeline = self._timelines[volunteer_id] = Timeline()
        return timeline


def read_record(values: Mapping[str, str], now: datetime) -> SubmittedRecord:
    """Read one line. Raises RefusedError with its first fault; ``now`` is the moment that nothing may lie after.

    Every value is put into its one form (``contracts.text``); where one was written differently, the record is marked
    ``normalised``.
    """
    plain = {field: text.code(value) for field, value in values.items()}
    plain["volunteer_no"] = text.number(plain["volunteer_no"])
    plain["activity"] = _title(values["activity"])
    for field in ("record_no", "volunteer_no", "station_code"):
        if not _CODE.fullmatch(plain[field]) or text.is_garbled(plain[field]):
            _refuse(field, Code.FORMAT if plain[field] else Code.MISSING)
    if fault := _title_fault(plain["activity"]):
        raise RefusedError(fault)
    service = SERVICE_OF.get(plain["service"].lower())
    if service is None:
        _refuse("service", Code.UNKNOWN_VALUE if plain["service"] else Code.MISSING)
    started_at, ended_at = _moment("started_at", plain["started_at"]), _moment("ended_at", plain["ended_at"])
    if fault := session_fault(started_at, ended_at, now):
        raise RefusedError(fault)
    minutes = _minutes(plain["minutes"])
    if minutes > whole_minutes(started_at, ended_at):
        _refuse("minutes", Code.DISAGREES_WITH_TIMES)
    return SubmittedRecord(
        plain["record_no"],
        plain["volunteer_no"],
        plain["station_code"],
        plain["activity"],
        service,
        started_at,
        ended_at,
        minutes,
        _rating(plain["recipient_rating"]),
        normalised=plain | {"service": service} != values,
    )


@lru_cache(maxsize=4096)
def _title(written: str) -> str:
    return text.line(written)


@lru_cache(maxsize=4096)
def _title_fault(title: str) -> Fault | None:
    return title_fault("activity", title)


def whole_minutes(started_at: datetime, ended_at: datetime) -> int:
    """Return the minutes between two moments, rounded half up."""
    return (ended_at - started_at + timedelta(seconds=30)) // timedelta(minutes=1)


def attendance_record_no(district: str, day: str, number: int) -> str:
    """Return the number of a record made at a check-out: unique by ``number``, readable by district and ``day``."""
    return f"{OWN_PREFIX}{district}-{day}-{number:06d}"


class RightMinutes(NamedTuple):
    """What a record should have said: its minutes; 0 voids it."""

    minutes: int


class RightTimes(NamedTuple):
    """What a record should have said: its times, with the breaks in between."""

    started_at: datetime
    ended_at: datetime
    break_minutes: int


def corrected(record: ServiceRecord, figure: RightMinutes | RightTimes, now: datetime) -> ServiceRecord:
    """Return a record with what it should have said. Raises RefusedError where that cannot be; void it stays void.

    No more can have been given than lies between start and end; on another day it would be another record.
    """
    if isinstance(figure, RightMinutes):
        right = record._replace(minutes=figure.minutes)
        if not 0 <= figure.minutes <= whole_minutes(record.started_at, record.ended_at):
            _refuse("minutes", Code.OUT_OF_RANGE)
    else:
        right = record._replace(
            started_at=figure.started_at, ended_at=figure.ended_at, minutes=net_minutes(*figure, now=now)
        )
        if district_day(right.started_at) != district_day(record.started_at):
            _refuse("started_at", Code.OUT_OF_RANGE)
    if right == record or not record.minutes:
        _refuse("minutes", Code.NOT_OPEN)
    return right


def net_minutes(started_at: datetime, ended_at: datetime, break_minutes: int, *, now: datetime) -> int:
    """Return the minutes of a session that is over, without its breaks: at least 1. Raises RefusedError."""
    if fault := session_fault(started_at, ended_at, now):
        raise RefusedError(fault)
    minutes = whole_minutes(started_at, ended_at) - break_minutes
    if break_minutes < 0 or minutes < 1:
        _refuse("break_minutes", Code.OUT_OF_RANGE)
    return minutes


def _refuse(field: str, code: Code) -> NoReturn:
    raise RefusedError(Fault(field, code))


def _moment(field: str, written: str) -> datetime:
    if not written:
        _refuse(field, Code.MISSING)
    return _read_moment(written) or _refuse(field, Code.TIME)


@lru_cache(maxsize=65536)
def _read_moment(written: str) -> datetime | None:
    """Read ISO 8601, or a local time as spreadsheets write it (``2026/3/1 8:00``); return UTC, or None."""
    try:
        if local := _LOCAL_TIME.fullmatch(written):
            year, month, day, hour, minute, second = (int(part or 0) for part in local.groups())
            moment = datetime(year, month, day, hour, minute, second, tzinfo=CHINA)
        elif _WITH_TIME.fullmatch(written):
            moment = datetime.fromisoformat(written)
        else:
            return None
        return (moment if moment.tzinfo else moment.replace(tzinfo=CHINA)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def session_fault(started_at: datetime, ended_at: datetime, now: datetime) -> Fault | None:
    """Return what is wrong with the times of a session that is over, or None."""
    if started_at > now:
        return Fault("started_at", Code.IN_FUTURE)
    if started_at < EARLIEST:
        return Fault("started_at", Code.OUT_OF_RANGE)
    if ended_at <= started_at:
        return Fault("ended_at", Code.END_BEFORE_START)
    if ended_at > now:
        return Fault("ended_at", Code.IN_FUTURE)
    if ended_at - started_at > LONGEST_SESSION:
        return Fault("ended_at", Code.OUT_OF_RANGE)
    return None


def _minutes(written: str) -> int:
    if not written:
        _refuse("minutes", Code.MISSING)
    if not (written.isascii() and written.isdecimal()):
        _refuse("minutes", Code.WHOLE_NUMBER)
    if len(written) > 4 or not int(written):  # noqa: PLR2004 - the longest session has four digits of minutes
        _refuse("minutes", Code.OUT_OF_RANGE)
    return int(written)


def _rating(written: str) -> int | None:
    if not written:
        return None
    if not (written.isascii() and written.isdecimal()):
        _refuse("recipient_rating", Code.WHOLE_NUMBER)
    if written not in ("1", "2", "3", "4", "5"):
        _refuse("recipient_rating", Code.OUT_OF_RANGE)
    return int(written)
