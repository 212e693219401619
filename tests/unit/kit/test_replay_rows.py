"""Events as rows: every event that a projection takes in bulk has columns that its contract gives."""

import pytest

from shared.contracts import ServiceLogged
from shared.messaging.replay.rows import select_of
from shared.store.projection import rows_of
from tests.support.services import SERVICES, reactions


def test_a_column_has_the_type_of_its_field() -> None:
    read = " ".join(select_of(ServiceLogged).split())
    assert rows_of(ServiceLogged) == "service_logged"
    assert "json_to_record(data) AS field(record_id uuid, record_no text," in read
    assert "started_at timestamptz" in read
    assert "rating bigint, provenance text, import_id uuid, claim_id uuid)" in read


def test_a_default_that_sql_would_not_know_is_refused() -> None:
    class Changed(ServiceLogged):
        shift: str = "day"

    with pytest.raises(TypeError, match=r"Changed\.shift"):
        select_of(Changed)


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_taken_in_bulk_comes_event_by_event_too(service: str) -> None:
    for rebuilt in reactions(service).projections.values():
        for event in rebuilt.projection.in_bulk:
            assert event in rebuilt.events, "events of older versions and from topics come one by one"
            assert select_of(event)
