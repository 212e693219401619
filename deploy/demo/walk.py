"""One volunteer's way through the platform, by HTTP as that person: account, sign-up, attendance, hours, inbox.

Invariant: it is walked once in a district; the next time it is found where it was left, and only the rest is done.
The volunteer is one whose star level these few minutes cannot change, so the district's figures stay what they are.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from deploy.demo import figures
from deploy.demo.district import logged_in, open_account
from deploy.demo.fault import DemoError
from deploy.demo.folder import CATEGORIES, CHINA, STAR_MINUTES, by_volunteer, star_level
from shared.http.client import POLL_SECONDS, RequestRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deploy.demo.district import Platform, Session
    from deploy.demo.figures import OwnHours
    from deploy.demo.folder import Folder

T = TypeVar("T")
TITLE = "一分钟志愿服务体验"
SERVICE = timedelta(minutes=1)
_STARTS_IN, _LASTS, _CAPACITY = timedelta(seconds=30), timedelta(minutes=30), 3
_CLEAR_OF_A_STAR = 60
_PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Candidate:
    """Who walks, and where and how they served last."""

    number: str
    station: str
    service: str


@dataclass(frozen=True)
class Attendance:
    """Somebody who is checked in, and since when that counts; ``completed`` where they are checked out already."""

    sign_up_id: str
    counts_from: datetime
    completed: bool

    @property
    def minute_is_over_at(self) -> datetime:
        """When a whole minute has been given."""
        return self.counts_from + SERVICE


@dataclass(frozen=True)
class Credit:
    """What came of it: the minutes that were given by attendance, and the volunteer's figures after them."""

    minutes: int
    hours: OwnHours


def choose(folder: Folder) -> Candidate | None:
    """Choose who walks: of the roster's volunteers the one who gave most, unless a star is within reach; if any."""
    numbers = {number for number, _ in folder.roster.values()}
    served = by_volunteer(folder.sessions)
    candidates = [
        (sums.minutes, number)
        for number, sums in served.items()
        if number in numbers and not any(0 < at - sums.minutes <= _CLEAR_OF_A_STAR for at in STAR_MINUTES)
    ]
    if not candidates:
        return None
    _, number = max(candidates)
    last = max((session for session in folder.sessions if session.volunteer == number), key=lambda each: each.day)
    return Candidate(number, last.station, last.service)


@dataclass(frozen=True)
class Walk:
    """A walk. ``tell`` is given each step as it is done: its name, and what the platform answered."""

    platform: Platform
    volunteer: Candidate
    tell: Callable[[str, str], None]

    def begin(self, admin: Session) -> Attendance:
        """Open the account, sign up and check in, as far as that has not been done."""
        number = self.volunteer.number
        open_account(self.platform, admin, number, volunteer_number=number)
        self.tell("account", f"opened by the district: log-in {number}")
        with self._logged_in() as volunteer:
            me = volunteer.registry.send("GET", "/v1/me").json()["volunteer"]
            self.tell("log-in", f"{me['name']}  {CATEGORIES.get(me['category'], me['category'])}  {me['phone']}")
            found = _find_sign_up(volunteer) or self._sign_up(admin, volunteer)
            return self._check_in(admin, volunteer, found)

    def finish(self, attendance: Attendance, imported_minutes: int) -> Credit:
        """Check out (not before the minute is over); wait until hours, star and messages show it.

        ``imported_minutes`` are what the import has credited to the volunteer.
        """
        with self._logged_in() as volunteer:
            if not attendance.completed:
                answer = volunteer.activities.send(
                    "POST",
                    "/v1/check-outs",
                    json={"sign_up_id": attendance.sign_up_id},
                    headers={"Idempotency-Key": f"sample-check-out-{attendance.sign_up_id}"},
                ).json()
                self.tell("check-out", f"{_clock(answer['record']['ended_at'])}, {answer['minutes']} min on record")
            minutes = _minutes_attended(volunteer)
            hours = _eventually(
                lambda: _credited(volunteer, imported_minutes + minutes), "the hours have been credited"
            )
            in_all = f"{hours.lifetime_minutes // 60} h {hours.lifetime_minutes % 60} min in {hours.sessions} sessions"
            self.tell("hours", f"{in_all}  {'★' * hours.stars or 'no star yet'}")
            for message in _eventually(
                lambda: _told(volunteer, star_level(imported_minutes)), "the messages have come"
            ):
                self.tell("inbox", message["subject"])
                self.tell("", message["body"].splitlines()[0])
        return Credit(minutes, hours)

    @contextmanager
    def _logged_in(self) -> Iterator[Session]:
        number = self.volunteer.number
        with logged_in(self.platform, number, self.platform.password(number)) as session:
            yield session

    def _sign_up(self, admin: Session, volunteer: Session) -> dict[str, Any]:
        """Publish an activity and sign up for it as soon as activities has heard of the volunteer."""
        starts_at = datetime.now(UTC) + _STARTS_IN
        activity = {
            "station": self.volunteer.station,
            "title": TITLE,
            "service": self.volunteer.service,
            "place": "服务站",
            "person_in_charge": "值班站长",
            "risk_text": "室内活动，地面湿滑时注意安全",
            "shifts": [
                {
                    "starts_at": starts_at.isoformat(),
                    "ends_at": (starts_at + _LASTS).isoformat(),
                    "capacity": _CAPACITY,
                }
            ],
        }
        published = admin.activities.send(
            "POST", "/v1/activities", json=activity, headers={"Idempotency-Key": f"sample-activity-{starts_at:%s}"}
        ).json()
        self.tell("activity", f"“{TITLE}” at {self.volunteer.station}, {_CAPACITY} places, starts {_clock(starts_at)}")
        path = f"/v1/shifts/{published['shift_ids'][0]}/sign-ups"
        answer = _eventually(lambda: _unless_unknown(volunteer, path), "activities knows the volunteer")
        self.tell("sign-up", f"{answer['state']}, number {answer['queue_number']}")
        return {
            "sign_up_id": answer["sign_up_id"],
            "state": answer["state"],
            "shift_id": published["shift_ids"][0],
            "starts_at": starts_at.isoformat(),
        }

    def _check_in(self, admin: Session, volunteer: Session, sign_up: dict[str, Any]) -> Attendance:
        """Check in with the six digits that the wall of the place shows."""
        if sign_up["state"] == "completed":
            since = datetime.fromisoformat(sign_up["checked_in_at"])
            self.tell("found", f"checked in {since.astimezone(CHINA):%Y-%m-%d %H:%M} and out again in an earlier run")
            return Attendance(sign_up["sign_up_id"], since, completed=True)
        wall = admin.activities.send("GET", f"/v1/shifts/{sign_up['shift_id']}/code").json()
        code = {"shift_id": sign_up["shift_id"], "digits": wall["digits"], "inside": True}
        answer = volunteer.activities.send("POST", "/v1/check-ins", json=code).json()
        self.tell("check-in", f"{_clock(answer['checked_in_at'])}, with the code {wall['digits']} on the wall")
        counts_from = max(map(datetime.fromisoformat, (answer["checked_in_at"], sign_up["starts_at"])))
        return Attendance(sign_up["sign_up_id"], counts_from, completed=False)


def _credited(volunteer: Session, minutes: int) -> OwnHours | None:
    """Give the volunteer's figures once they have come to the minutes."""
    hours = figures.own_hours(volunteer.assessment)
    return hours if hours.lifetime_minutes >= minutes else None


def _told(volunteer: Session, stars: int) -> list[dict[str, Any]] | None:
    """Give the inbox, oldest message first, once the messages that must come are there."""
    inbox: list[dict[str, Any]] = volunteer.notifications.send("GET", "/v1/me/messages?limit=20").json()["items"]
    needed = {"sign_up_confirmed", "hours_credited"} | ({"star_level_reached"} if stars else set())
    return inbox[::-1] if needed <= {message["template"] for message in inbox} else None


def _find_sign_up(volunteer: Session) -> dict[str, Any] | None:
    """Give the sign-up of an earlier run, if it can be gone on with."""
    mine: list[dict[str, Any]] = volunteer.activities.send("GET", "/v1/me/sign-ups?limit=100").json()["items"]
    now = datetime.now(UTC)
    for sign_up in mine:
        is_over = datetime.fromisoformat(sign_up["ends_at"]) <= now
        goes_on = sign_up["state"] in ("confirmed", "attending") and not is_over
        if sign_up["title"] == TITLE and (goes_on or sign_up["state"] == "completed"):
            return sign_up
    return None


def _unless_unknown(volunteer: Session, path: str) -> dict[str, Any] | None:
    try:
        answer: dict[str, Any] = _post(volunteer, path).json()
    except RequestRefusedError as refused:
        if "unknown_reference" in {fault["code"] for fault in refused.problem.get("faults", ())}:
            return None
        raise
    return answer


def _post(volunteer: Session, path: str) -> Any:  # noqa: ANN401
    """Post to activities under a key that is the path's own: again gives the same answer."""
    return volunteer.activities.send("POST", path, headers={"Idempotency-Key": f"sample{path.replace('/', '-')}"})


def _minutes_attended(volunteer: Session) -> int:
    """Sum what the volunteer's own latest records, made by attendance, come to."""
    records = volunteer.activities.send("GET", "/v1/service-records?limit=100").json()["items"]
    return sum(record["minutes"] for record in records if record["provenance"] != "import")


def _eventually(look: Callable[[], T | None], what: str) -> T:
    """Give what ``look`` finds. Raises DemoError where it finds nothing for long."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise DemoError(f"After {_PATIENCE_SECONDS} s it is still not so that {what}; see the services' logs.")
        time.sleep(POLL_SECONDS)
    return found


def _clock(moment: str | datetime) -> str:
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{at.astimezone(CHINA):%H:%M:%S}"
