"""``linbang nightly``: projections are compared with their replays, missing events are counted, where no scheduler is.

Invariant: a service whose comparison fails or finds a difference keeps none of the others from being compared. What
was found is in ``projection_comparison`` and ``missing_event_count``, which the metrics and the alerts read; a
comparison that did not come is an alert too.
"""

import subprocess
import sys
import time
from contextlib import suppress
from datetime import datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path

from deploy.services import SERVICES
from shared.contracts.calendar import CHINA

NIGHT = time_of_day(2, 30)
LONGEST = timedelta(hours=4)
"""What one service's comparison may take before the next one's turn."""
_LINBANG = Path(sys.executable).with_name("linbang")


def run() -> None:
    """Compare every night, until stopped."""
    while True:
        now = datetime.now(CHINA)
        time.sleep((next_night(now) - now).total_seconds())
        compare_all()


def next_night(now: datetime) -> datetime:
    """Return the first 2:30 after ``now``, which is in the district's zone."""
    tonight = datetime.combine(now.date(), NIGHT, CHINA)
    return tonight if tonight > now else tonight + timedelta(days=1)


def compare_all() -> None:
    """Compare one service after the other; each command says what it found."""
    for service in SERVICES:
        with suppress(subprocess.TimeoutExpired):
            subprocess.run([_LINBANG, service, "compare"], check=False, timeout=LONGEST.total_seconds())  # noqa: S603
