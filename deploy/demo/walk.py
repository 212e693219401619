"""One volunteer's day on the portal's pages, as a browser without scripts shows them: from log-in to hours.

Invariant: it is walked once in a district; the next time it is found where it was left, and only the rest is done.
What the volunteer does goes through links and forms of pages alone, and what is told stands on them. The volunteer is
one whose star level these few minutes cannot change, so the district's figures stay what they are.
"""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

from deploy.demo.browser import Browser
from deploy.demo.district import logged_in, open_account
from deploy.demo.fault import DemoError
from deploy.demo.folder import CHINA, STAR_MINUTES, by_volunteer, star_level
from shared.http.client import POLL_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deploy.demo.browser import Element, Page
    from deploy.demo.district import Platform, Session
    from deploy.demo.folder import Folder

T = TypeVar("T")
TITLE = "一分钟志愿服务体验"
SERVICE = timedelta(minutes=1)
_STARTS_IN, _LASTS, _CAPACITY = timedelta(seconds=30), timedelta(minutes=30), 3
_CLEAR_OF_A_STAR = 60
_PATIENCE_SECONDS = 60
_DURATION = re.compile(r"(?:([\d,]+) 小时)? ?(?:(\d+) 分)?")
_LEVELS = "一二三四五"


@dataclass(frozen=True)
class Candidate:
    """Who walks, and where and how they served last."""

    number: str
    station: str
    service: str


@dataclass(frozen=True)
class Attendance:
    """Somebody who is checked in, and since when that counts at the latest; ``completed`` where they are out again."""

    sign_up: str
    """The path of its page."""
    counts_from: datetime
    completed: bool

    @property
    def minute_is_over_at(self) -> datetime:
        """When a whole minute has been given."""
        return self.counts_from + SERVICE


@dataclass(frozen=True)
class Credit:
    """What came of it: the minutes that attendance has put on record, and all that the page of hours shows."""

    minutes: int
    lifetime_minutes: int


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
    """A walk. ``tell`` is given each step as it is done: its name, and what the page shows."""

    platform: Platform
    volunteer: Candidate
    tell: Callable[[str, str], None]

    def begin(self, admin: Session) -> Attendance:
        """Open the account, log in, find the activity, sign up and check in, as far as that has not been done."""
        number = self.volunteer.number
        open_account(self.platform, admin, number, volunteer_number=number)
        self.tell("account", f"opened by the district: log-in {number}")
        with self._logged_in() as (browser, start):
            self.tell("log-in", _joined(start.main.first("h1"), start.main.first("p", "meta")))
            return self._find_again(admin, browser) or self._attend(admin, browser)

    def finish(self, attendance: Attendance, imported_minutes: int) -> Credit:
        """Check out (not before the minute is over); wait until hours, star and messages show it.

        ``imported_minutes`` are what the import has credited to the volunteer.
        """
        with self._logged_in() as (browser, _):
            if not attendance.completed:
                self._check_out(browser, attendance)
            minutes = self._minutes_attended()
            hours = _eventually(
                lambda: _credited(browser, imported_minutes + minutes), "the page of hours shows what was credited"
            )
            self.tell("hours", _joined(hours.first("p", "big"), hours.first("p", "meta")) + f"  {_stars(hours)}")
            for message in _eventually(
                lambda: _told(browser, star_level(imported_minutes)), "the inbox has every message"
            ):
                self.tell("inbox", _text(message.first("h2")))
                body = message.first("p", "preserve")
                self.tell("", body.first_line if body else "")
            return Credit(minutes, _minutes(hours))

    @contextmanager
    def _logged_in(self) -> Iterator[tuple[Browser, Page]]:
        """Open a browser, log in by the form, and log out in the end; give the browser and the first page."""
        number = self.volunteer.number
        with Browser(self.platform.base_urls["portal"]) as browser:
            page = browser.open("/log-in")
            typed = {"user_name": number, "password": self.platform.password(number)}
            start = browser.submit(page, _form(page, "/log-in"), typed)
            if start.path == "/log-in":
                raise DemoError(f"The log-in page refuses {number}: {start.main.text}")
            yield browser, start
            profile = browser.open("/me/profile")
            if form := profile.form("/log-out"):
                browser.submit(profile, form)

    def _find_again(self, admin: Session, browser: Browser) -> Attendance | None:
        """Find the sign-up of an earlier run, if it can be gone on with, and go on with it."""
        for listed, going_on in (("past", ("已完成",)), ("upcoming", ("已报名", "进行中"))):
            for row in _open(browser, f"/me/sign-ups?listed={listed}").main.all("a", "row"):
                state, path = _text(row.first("span", "state")), row.attributes["href"]
                if _text(row.first("strong")) != TITLE or state not in going_on:
                    continue
                self.tell("found", f"“{TITLE}” {state}, in an earlier run")
                no_later = datetime.now(UTC) + _STARTS_IN
                if state == "已报名":
                    return self._check_in(admin, browser, path, no_later)
                return Attendance(path, no_later, completed=state == "已完成")
        return None

    def _attend(self, admin: Session, browser: Browser) -> Attendance:
        """Find an activity that was just published, sign up for it and check in."""
        starts_at = datetime.now(UTC) + _STARTS_IN
        self._publish(admin, starts_at)
        page, row = _eventually(lambda: _find(browser), "the list of activities has it")
        self.tell("find", f"“{TITLE}”, {_text(row.first('p', 'num'))}")
        receipt = _eventually(lambda: _signed_up(browser, page, row), "activities knows the volunteer")
        facts = [_text(fact) for fact in receipt.main.all("dd")]
        self.tell("sign up", f"{_text(receipt.main.first('strong'))}: {', '.join(facts[:2])}")
        return self._check_in(admin, browser, receipt.path.partition("?")[0], starts_at)

    def _publish(self, admin: Session, starts_at: datetime) -> None:
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
        admin.activities.send(
            "POST", "/v1/activities", json=activity, headers={"Idempotency-Key": f"sample-activity-{starts_at:%s}"}
        )
        self.tell("activity", f"published at {self.volunteer.station}, {_CAPACITY} places, starts {_clock(starts_at)}")

    def _check_in(self, admin: Session, browser: Browser, sign_up: str, starts_at: datetime) -> Attendance:
        """Check in with the six digits that the wall of the place shows."""
        page, form = _form_of(browser, sign_up, "/check-in")
        shift = next(entry.attributes["value"] for entry in form.all("input", name="shift"))
        digits = admin.activities.send("GET", f"/v1/shifts/{shift}/code").json()["digits"]
        done = browser.submit(page, form, {"digits": digits})
        if not done.path.endswith("done=in"):
            raise DemoError(f"The check-in was refused: {done.main.text}")
        checked_in_at = datetime.now(UTC)
        self.tell("check in", f"{_text(done.main.first('strong'))} {_clock(checked_in_at)}, with {digits} of the wall")
        return Attendance(sign_up, max(checked_in_at, starts_at), completed=False)

    def _check_out(self, browser: Browser, attendance: Attendance) -> None:
        page, form = _form_of(browser, attendance.sign_up, "/check-out")
        receipt = browser.submit(page, form)
        if not receipt.path.startswith("/sign-ups/"):
            raise DemoError(f"The check-out was refused: {receipt.main.text}")
        facts = [_text(fact) for fact in receipt.main.all("dd")]
        self.tell("check out", f"{_text(receipt.main.first('span', 'state'))} {_clock(datetime.now(UTC))}, {facts[-1]}")

    def _minutes_attended(self) -> int:
        """Sum what the volunteer's own latest records, made by attendance, come to: asked of activities itself."""
        number = self.volunteer.number
        with logged_in(self.platform, number, self.platform.password(number)) as session:
            records = session.activities.send("GET", "/v1/service-records?limit=100").json()["items"]
        return sum(record["minutes"] for record in records if record["provenance"] != "import")


def _open(browser: Browser, path: str) -> Page:
    """Open a page, again where a service was away and a section of it is missing."""

    def whole() -> Page | None:
        page = browser.open(path)
        return None if page.main.first("p", "away") else page

    return _eventually(whole, f"the page {path} is whole")


def _form_of(browser: Browser, sign_up: str, action: str) -> tuple[Page, Element]:
    """Give the page of checking in and out, and its form for one sign-up. Raises DemoError where it has none."""
    page = _open(browser, "/check-in")
    section = next((part for part in page.main.all("section") if part.first("a", href=sign_up)), None)
    form = section.first("form", action=action) if section else None
    if form is None:
        raise DemoError(f"The page {page.url} has no form for {action}: {page.main.text}")
    return page, form


def _find(browser: Browser) -> tuple[Page, Element] | None:
    """Look for the activity as somebody who types its name; give the page and the row of its shift."""
    page = _open(browser, "/activities?" + urlencode({"days": 7, "text": TITLE}))
    row = next((row for row in page.main.all("li", "shift") if row.first("form")), None)
    return (page, row) if row else None


def _signed_up(browser: Browser, page: Page, row: Element) -> Page | None:
    """Sign up by the form of the row; None while activities has not heard of the volunteer yet."""
    form = row.first("form")
    assert form is not None  # noqa: S101 - what the row was chosen by
    answer = browser.submit(page, form)
    if answer.path.startswith("/sign-ups/"):
        return answer
    if "请过几秒再报名" in answer.main.text:
        return None
    raise DemoError(f"The sign-up was refused: {answer.main.text}")


def _credited(browser: Browser, minutes: int) -> Element | None:
    """Give the card of the page of hours once it has come to the minutes."""
    card = _open(browser, "/me/hours").main.first("section", "card")
    return card if card and _minutes(card) >= minutes else None


def _told(browser: Browser, stars: int) -> list[Element] | None:
    """Give the inbox, oldest message first, once the messages that must come are there."""
    messages = list(_open(browser, "/me/inbox").main.all("li", "card"))
    subjects = [_text(message.first("h2")) for message in messages]
    needed = [f"报名成功：{TITLE}", "志愿服务时长已入账"]
    needed += [f"恭喜您成为{_LEVELS[stars - 1]}星级志愿者"] if stars else []
    has_all = all(any(subject.startswith(start) for subject in subjects) for start in needed)
    return messages[::-1] if has_all else None


def _minutes(card: Element) -> int:
    """Read how long it is that a card says: ``519 小时 1 分``."""
    found = _DURATION.match(_text(card.first("p", "big")))
    hours, minutes = found.groups(default="0") if found else ("0", "0")
    return int(hours.replace(",", "")) * 60 + int(minutes)


def _stars(card: Element) -> str:
    stars = card.first("span", "stars")
    return stars.attributes["aria-label"] if stars else ""


def _form(page: Page, action: str) -> Element:
    form = page.form(action)
    if form is None:
        raise DemoError(f"The page {page.url} ({page.status}) has no form for {action}: {page.main.text}")
    return form


def _text(element: Element | None) -> str:
    return element.text if element else ""


def _joined(*elements: Element | None) -> str:
    return "  ".join(filter(None, map(_text, elements)))


def _eventually(look: Callable[[], T | None], what: str) -> T:
    """Give what ``look`` finds. Raises DemoError where it finds nothing for long."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise DemoError(f"After {_PATIENCE_SECONDS} s it is still not so that {what}; see the services' logs.")
        time.sleep(POLL_SECONDS)
    return found


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(CHINA):%H:%M:%S}"
