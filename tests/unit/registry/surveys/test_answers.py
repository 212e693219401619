"""What a survey of needs asks, when it takes answers, and what an answer may say."""

from datetime import date, timedelta

import pytest

from services.registry.surveys.domain import LONGEST, Answer, answer_faults, survey_faults, takes_answers

TODAY = date(2026, 3, 1)
THEMES, COMMUNITIES = ("elderly", "health"), {"1": "北社区"}


def codes(*, title: str = "调查", days: tuple[date, date] = (TODAY, TODAY), **changes: tuple[str, ...]) -> set[str]:
    themes, asked_in = changes.get("themes", THEMES), changes.get("asked_in", ())
    return {f"{fault.field}:{fault.code}" for fault in survey_faults(title, days, themes, asked_in, TODAY)}


def test_a_survey_of_one_day_is_right() -> None:
    assert codes() == set()


def test_every_fault_of_a_survey_is_said() -> None:
    before = TODAY - timedelta(days=1)
    assert codes(title="", days=(before, before - timedelta(days=1)), themes=("dancing",), asked_in=("1", "1")) == {
        "title:missing",
        "starts_on:in_past",
        "ends_on:end_before_start",
        "themes:unknown_value",
        "asked_in:named_twice",
    }
    far = TODAY + timedelta(days=400)
    assert codes(title="问" * 61, days=(far, far + LONGEST + timedelta(days=1)), themes=()) == {
        "title:too_long",
        "starts_on:out_of_range",
        "ends_on:out_of_range",
        "themes:missing",
    }


@pytest.mark.parametrize(
    ("answer", "faults"),
    [
        (Answer("1", 3, {"elderly": 3, "health": 0}), []),
        (Answer("1", 1, {}), []),
        (Answer("2", 1, {}), ["community:unknown_reference"]),
        (Answer("1", 0, {}), ["answered:out_of_range"]),
        (Answer("1", 2, {"elderly": 3}), ["by_theme:out_of_range"]),
        (Answer("1", 2, {"elderly": -1}), ["by_theme:out_of_range"]),
        (Answer("1", 2, {"law": 1}), ["by_theme:unknown_value"]),
    ],
)
def test_an_answer_speaks_for_no_more_people_than_were_asked(answer: Answer, faults: list[str]) -> None:
    assert [f"{one.field}:{one.code}" for one in answer_faults(answer, THEMES, COMMUNITIES)] == faults


@pytest.mark.parametrize(
    ("state", "starts_in", "ends_in", "code"),
    [
        ("planned", 0, 0, None),  # its first day has begun, and the work that opens it is still to come
        ("open", -3, 0, None),
        ("planned", 1, 3, "too_early"),
        ("open", -3, -1, "too_late"),  # its last day is over, and the work that closes it is still to come
        ("closed", -3, 0, "too_late"),
    ],
)
def test_answers_are_taken_from_the_first_day_to_the_end_of_the_last(
    state: str, starts_in: int, ends_in: int, code: str | None
) -> None:
    days = TODAY + timedelta(days=starts_in), TODAY + timedelta(days=ends_in)
    fault = takes_answers(state, *days, TODAY)
    assert (fault and fault.code) == code
