"""When the night's comparison comes."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from deploy.nightly import NIGHT, next_night
from shared.contracts.calendar import CHINA

MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1), timezones=st.just(CHINA))  # noqa: DTZ001


@given(MOMENTS)
def test_it_is_the_next_half_past_two_in_china(now: datetime) -> None:
    night = next_night(now)
    assert timedelta() < night - now <= timedelta(days=1)
    assert night.timetz().replace(tzinfo=None) == NIGHT
    assert (night.astimezone(UTC).hour, night.astimezone(UTC).minute) == (18, 30)
