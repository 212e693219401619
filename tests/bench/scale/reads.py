"""The reads that people wait for, each so many times over HTTP."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from deploy.demo.district import Platform, Session, logged_in
from tests.bench.scale.district import Invented

TIMES = 15
OPEN_ACTIVITIES = 30
YEAR = 2025
_TARGETS = {"statistics of a district": 30.0, "annual preview": 500.0}
"""Milliseconds; a read without a target of its own has none."""


def target(read: str) -> float | None:
    """Return the most milliseconds that a read is to take, where design.md says so."""
    return _TARGETS.get(read)


def publish_activities(admin: Session, invented: Invented) -> None:
    """Publish what the page of open activities shows."""
    station = invented.places.codes("stations")[1]
    begin = (datetime.now(UTC) + timedelta(days=7)).replace(microsecond=0)
    shift = {"starts_at": begin.isoformat(), "ends_at": (begin + timedelta(hours=2)).isoformat(), "capacity": 20}
    for number in range(OPEN_ACTIVITIES):
        form = {
            "station": station,
            "title": f"活动 {number}",
            "service": "culture",
            "place": "社区活动室",
            "person_in_charge": "负责人",
            "risk_text": "无特别风险",
            "description": "读书会",
            "shifts": [shift],
        }
        admin.activities.send("POST", "/v1/activities", json=form, headers={"Idempotency-Key": f"open-{number}"})


def measure(platform: Platform, user_name: str) -> dict[str, float]:
    """Return the median milliseconds of each read, as the district's administrator makes it."""
    with logged_in(platform, user_name, platform.password(user_name)) as admin:
        volunteer = admin.registry.send("GET", "/v1/volunteers").json()["items"][0]["id"]
        reads: dict[str, Callable[[], Any]] = {
            "statistics of a district": lambda: admin.assessment.send("GET", "/v1/statistics"),
            "statistics by station": lambda: admin.assessment.send("GET", "/v1/statistics?by=station"),
            "volunteer list page": lambda: admin.registry.send("GET", "/v1/volunteers"),
            "hours list page": lambda: admin.assessment.send("GET", "/v1/volunteer-hours"),
            "a volunteer's ledger": lambda: admin.assessment.send("GET", f"/v1/volunteers/{volunteer}/ledger"),
            "open activities": lambda: admin.activities.send("GET", "/v1/activities"),
            "annual preview": lambda: admin.assessment.send("GET", f"/v1/assessments/{YEAR}/preview"),
        }
        return {name: _median(read) for name, read in reads.items()}


def _median(read: Callable[[], Any]) -> float:
    """Return the median milliseconds; the first time, which finds nothing kept, does not count."""
    read()
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        read()
        taken.append((time.perf_counter() - began) * 1000)
    return median(taken)
