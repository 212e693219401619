"""Events as rows: every event that a projection takes in bulk has columns that its contract gives."""

from collections.abc import Mapping
from importlib import import_module

import pytest

from shared.contracts import ServiceLogged
from shared.messaging.replay.told import select_of
from shared.store.projection import Projection, told_in

SERVICES = ("registry", "activities", "assessment", "notifications")


def test_a_column_has_the_type_of_its_field() -> None:
    read = " ".join(select_of(ServiceLogged).split())
    assert told_in(ServiceLogged) == "service_logged"
    assert "json_to_record(data) AS field(record_id uuid, record_no text," in read
    assert "started_at timestamptz" in read
    assert "rating bigint, provenance text, import_id uuid)" in read


def test_a_default_that_sql_would_not_know_is_refused() -> None:
    class Changed(ServiceLogged):
        shift: str = "day"

    with pytest.raises(TypeError, match=r"Changed\.shift"):
        select_of(Changed)


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_taken_in_bulk_has_a_handler_too(service: str) -> None:
    projections: Mapping[str, Projection] = import_module(f"services.{service}.projections").PROJECTIONS
    for projection in projections.values():
        for event in projection.in_bulk:
            assert event in projection.events, "events of older versions and from topics go through the handler"
            assert select_of(event)
