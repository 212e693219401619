"""A consumer stops when so much is parked that something else must be wrong."""

import json
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.app import service
from shared.messaging.dead_letter import (
    BEHIND_PARKED,
    MAX_CONSECUTIVE,
    MAX_SHARE,
    WINDOW,
    Limit,
    LimitReachedError,
    Poison,
    headers_as_json,
    headers_from_json,
)
from shared.service import roles
from shared.store.engine import Store


def records(count: int, partition: int = 0, start: int = 0) -> list[Any]:
    return [SimpleNamespace(topic="t", partition=partition, offset=start + n) for n in range(count)]


def poison(*bad: Any) -> list[Poison]:
    return [Poison(record, "undecodable", "") for record in bad]


def test_as_many_in_a_row_as_allowed_less_one_are_parked() -> None:
    batch = records(MAX_CONSECUTIVE)
    Limit().check(batch, poison(*batch[:-1]))


def test_one_more_in_a_row_stops_the_consumer_also_over_batches() -> None:
    limit, first, second = Limit(), records(10), records(10, start=10)
    limit.count(limit.check(first, poison(*first)))
    with pytest.raises(LimitReachedError, match="20 records in a row"):
        limit.check(second, poison(*second))


def test_a_good_record_in_between_starts_the_count_anew() -> None:
    batch = records(2 * MAX_CONSECUTIVE - 1)
    Limit().check(batch, poison(*batch[: MAX_CONSECUTIVE - 1], *batch[MAX_CONSECUTIVE:]))


def test_what_is_in_a_row_is_counted_by_partition() -> None:
    batch = records(15, partition=0) + records(15, partition=1)
    Limit().check(batch, poison(*batch))


def test_too_large_a_share_of_the_last_records_stops_the_consumer() -> None:
    allowed = int(MAX_SHARE * WINDOW)
    batch = records(WINDOW)
    every_tenth = batch[::10]
    Limit().check(batch, poison(*every_tenth[:allowed]))
    with pytest.raises(LimitReachedError, match="5%"):
        Limit().check(batch, poison(*every_tenth[: allowed + 1]))


def test_a_batch_counts_when_it_has_committed_and_not_when_it_is_tried() -> None:
    limit, batch = Limit(), records(MAX_CONSECUTIVE - 1)
    for _ in range(3):
        counts = limit.check(batch, poison(*batch))
    limit.count(counts)
    with pytest.raises(LimitReachedError):
        limit.check(records(1, start=100), poison(*records(1, start=100)))


def test_what_waits_behind_a_parked_record_is_not_held_against_the_topic() -> None:
    batch = records(3 * MAX_CONSECUTIVE)
    Limit().check(batch, [Poison(record, BEHIND_PARKED, "") for record in batch])


def test_an_operator_who_has_looked_can_let_everything_bad_be_parked() -> None:
    batch = records(2 * WINDOW)
    Limit(enforced=False).check(batch, poison(*batch))


@given(st.lists(st.tuples(st.text(st.characters(codec="utf-8")), st.none() | st.binary())))
def test_headers_are_kept_byte_by_byte(headers: list[tuple[str, bytes | None]]) -> None:
    stored = headers_as_json(headers)
    assert headers_from_json(json.loads(stored)) == tuple(headers)


def test_headers_are_readable_where_they_are_text() -> None:
    assert json.loads(headers_as_json([("ce_type", b"cn.linbang"), ("title", "社区".encode())])) == [
        ["ce_type", "cn.linbang"],
        ["title", "社区"],
    ]


@pytest.mark.parametrize(("setting", "limited"), [("true", True), ("false", False)])
def test_the_environment_can_lift_the_limit(setting: str, limited: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "ASSESSMENT_API_DATABASE_URL": "postgresql://nowhere/assessment",
        "ASSESSMENT_WORKER_DATABASE_URL": "postgresql://nowhere/assessment",
        "KAFKA_BOOTSTRAP_SERVERS": "nowhere:9092",
        "ASSESSMENT_DEAD_LETTER_LIMIT": setting,
    }.items():
        monkeypatch.setenv(name, value)
    with patch.object(roles, "Consumer") as consumer:
        roles.background_roles(service())["consumer"](Store("postgresql://nowhere/assessment"))
    assert consumer.call_args.kwargs["limited"] is limited
