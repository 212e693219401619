"""Records: every event ever published can be read, and the envelope survives the way over Kafka."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import EVENTS, Event
from shared.contracts.envelope import (
    Attributes,
    UndecodableEventError,
    decode,
    headers,
    known_names,
    present_type_of,
    read_attributes,
)
from shared.contracts.upcasters import RENAMED, UPCASTERS, split_type, type_of

UUID_7 = UUID("019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a77")
GOLDEN: list[dict[str, Any]] = json.loads(Path(__file__).with_name("golden_records.json").read_text())
"""Records as Kafka held them when their version was new. Add one with each version; change none."""


def _headers(record: Mapping[str, Any]) -> list[tuple[str, bytes]]:
    return [(name, value.encode()) for name, value in record["headers"].items()]


def test_every_event_has_a_golden_record() -> None:
    missing = EVENTS.keys() - {record["headers"]["ce_type"] for record in GOLDEN}
    assert not missing, f"add a record of each to golden_records.json: {missing}"


@pytest.mark.parametrize("record", GOLDEN, ids=lambda record: record["headers"]["ce_type"])
def test_a_golden_record_is_read_whole(record: dict[str, Any]) -> None:
    name, version = present_type_of(_headers(record))
    event = known_names(EVENTS.values())[name]
    attributes = read_attributes(_headers(record))
    assert str(attributes.id) == record["headers"]["ce_id"]
    data = decode(event, version, record["value"].encode())
    if version == event.version:
        assert json.loads(data.model_dump_json()).items() >= json.loads(record["value"]).items()
        assert dict(_headers(record)).items() >= dict(headers(attributes)).items()


def _renamed(record: Mapping[str, Any], sequence: int) -> str:
    changed = {**record["headers"], "ce_sequence": str(sequence)}
    name, _ = present_type_of(_headers({"headers": changed}))
    return known_names(EVENTS.values())[name].__name__


@pytest.mark.parametrize("old", RENAMED)
def test_a_type_that_said_entered_or_changed_is_read_as_the_one_that_says_which(old: str) -> None:
    record = next(record for record in GOLDEN if split_type(record["headers"]["ce_type"])[0] == old)
    assert _renamed(record, 1).endswith("Registered")
    assert _renamed(record, 2).endswith("Changed")
    assert _renamed(record, 7).endswith("Changed")


def test_the_names_that_are_written_now_are_not_taken_for_old_ones() -> None:
    for event in EVENTS.values():
        name, _ = split_type(event.event_type())
        sequence = 1 if event.__name__.endswith("Registered") else 2
        assert type_of(event.event_type(), sequence) == (name, event.version)


texts = st.text(st.characters(codec="utf-8"))
moments = st.datetimes(timezones=st.just(UTC))
traces = st.from_regex(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", fullmatch=True)


@given(
    st.builds(
        Attributes,
        id=st.uuids(),
        type=st.sampled_from(sorted(EVENTS)),
        time=moments,
        subject=texts,
        sequence=st.integers(1, 2**31 - 1),
        district=st.from_regex(r"[0-9]{6}", fullmatch=True),
        traceparent=st.none() | traces,
    )
)
def test_attributes_survive_the_headers(attributes: Attributes) -> None:
    assert read_attributes(headers(attributes)) == attributes


@pytest.mark.parametrize("name", ["ce_id", "ce_type", "ce_time", "ce_subject", "ce_sequence", "ce_district"])
def test_a_missing_header_is_named(name: str) -> None:
    complete = headers(Attributes(UUID_7, "cn.linbang.x.Y.v1", datetime(2026, 3, 1, tzinfo=UTC), "s", 1, "510115"))
    with pytest.raises(UndecodableEventError, match=name):
        read_attributes([header for header in complete if header[0] != name])


class MealServed(Event):
    """A sample event of the second version: the first counted dishes by a word."""

    topic: ClassVar[str] = "kitchen.meal"
    version: ClassVar[int] = 2

    dishes: int


@pytest.fixture
def upcaster(monkeypatch: pytest.MonkeyPatch) -> None:
    words = {"one": 1, "two": 2}
    name, _ = split_type(MealServed.event_type())
    monkeypatch.setitem(UPCASTERS, (name, 1), lambda data: {"dishes": words[data["count"]]})


@pytest.mark.usefixtures("upcaster")
def test_an_upcaster_turns_a_v1_into_a_v2() -> None:
    assert decode(MealServed, 1, b'{"count": "two"}') == MealServed(dishes=2)
    assert decode(MealServed, 2, b'{"dishes": 3}') == MealServed(dishes=3)


@pytest.mark.usefixtures("upcaster")
@pytest.mark.parametrize("version", [0, 3])
def test_a_version_without_a_way_up_is_undecodable(version: int) -> None:
    with pytest.raises(UndecodableEventError):
        decode(MealServed, version, b'{"dishes": 3}')


@pytest.mark.parametrize("value", [None, b"", b"{", b"[]", b'{"dishes": "many"}'])
def test_broken_data_is_undecodable_and_not_quoted(value: bytes | None) -> None:
    with pytest.raises(UndecodableEventError) as raised:
        decode(MealServed, 2, value)
    assert "many" not in str(raised.value)
