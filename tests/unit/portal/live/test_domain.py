"""Which events change what a page shows."""

import pytest

from services.portal.live.domain import changed_by

SHIFT = {"shift_id": "s", "activity_id": "a", "volunteer_id": "v"}


@pytest.mark.parametrize(
    ("event", "data", "changed"),
    [
        ("VolunteerSignedUp", SHIFT, ["activity:a", "shift:s"]),
        ("VolunteerWaitlisted", SHIFT, ["activity:a", "shift:s"]),
        ("SignUpWithdrawn", SHIFT, ["activity:a", "shift:s", "queue:s"]),
        ("SignUpPromoted", SHIFT, ["activity:a", "shift:s", "queue:s"]),
        ("SignUpOffered", SHIFT, ["activity:a", "shift:s", "queue:s"]),
        ("ShiftCapacityChanged", {"activity_id": "a", "shift_id": "s"}, ["activity:a", "shift:s", "queue:s"]),
        ("VolunteerCheckedIn", {"shift_id": "s", "volunteer_id": "v"}, ["shift:s"]),
        ("ActivityChanged", {"activity_id": "a"}, ["activity:a"]),
        ("MessageDelivered", {"volunteer_id": "v", "channel": "in_app"}, ["inbox:v"]),
        ("MessageDelivered", {"volunteer_id": "v", "channel": "email"}, []),
        ("MessageUndeliverable", {"volunteer_id": "v", "channel": "email"}, []),
    ],
)
def test_what_an_event_changes(event: str, data: dict[str, str], changed: list[str]) -> None:
    assert list(changed_by(event, data)) == changed
