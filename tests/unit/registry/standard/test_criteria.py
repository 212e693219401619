"""Rows 11 and 12 of domain.md: what makes a standard station is data, and three of its criteria follow from service."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.standard.domain.computed import Service, find, first_of_window, months_before, regularity
from services.registry.standard.domain.evidence import checked_type
from services.registry.standard.domain.standing import (
    Cause,
    Found,
    Judgement,
    Status,
    judged,
    latest_expiry,
    review_on,
    status_of,
)
from services.registry.standard.domain.template import FIRST, TEMPLATES, By, Criterion
from shared.contracts.calendar import festival_of
from shared.contracts.evidence import LARGEST_EVIDENCE
from shared.contracts.faults import Code, RefusedError

TODAY = date(2026, 11, 27)
SIX_HAVES, NATIONAL = TEMPLATES[FIRST], TEMPLATES["national-2024.1"]
MONTHS = months_before(TODAY, 6)
days = st.dates(date(2020, 1, 1), date(2030, 12, 31))


def of(by: By) -> Criterion:
    return next(one for one in SIX_HAVES.criteria if one.by is by)


@pytest.mark.row(11)
def test_the_six_haves_and_the_national_list_of_2024_both_ship_each_with_three_criteria_or_two_that_are_computed() -> (
    None
):
    assert [one.name for one in SIX_HAVES.criteria] == [
        *("有工作人员", "有办公场所", "有稳定队伍"),
        *("有规章制度", "有长期活动", "有固定对象和项目"),
    ]
    assert [one.name for one in NATIONAL.criteria] == ["有场所", "有队伍", "有项目", "有设施", "有制度", "有标识"]
    assert {one.by for one in SIX_HAVES.criteria} == set(By)
    for template in TEMPLATES.values():
        assert len({one.code for one in template.criteria}) == len(template.criteria)
        for one in template.criteria:
            wanted = {
                By.JUDGEMENT: one.valid_months > 0,
                By.STABLE_TEAM: one.people > 0 and 0 < one.months <= one.window,
                By.LONG_TERM: one.window > 0,
                By.FIXED_PROJECTS: one.kinds > 0 and 0 < one.months <= one.window,
            }
            assert wanted[one.by], one.code


@pytest.mark.row(12)
def test_a_team_is_stable_from_so_many_people_on_who_serve_in_so_many_months() -> None:
    team = of(By.STABLE_TEAM)
    assert not find(team, Service(steady=team.people - 1), TODAY).holds
    found = find(team, Service(steady=team.people), TODAY)
    assert found.holds
    assert found.facts == {"people": team.people, "wanted": team.people}


@pytest.mark.row(12)
def test_a_month_without_an_activity_breaks_long_term_activities_and_is_named() -> None:
    long_term = of(By.LONG_TERM)
    assert find(long_term, Service(days=[month + timedelta(days=4) for month in MONTHS]), TODAY).holds
    found = find(long_term, Service(days=[MONTHS[0], MONTHS[1], *MONTHS[3:]]), TODAY)
    assert not found.holds
    assert found.facts == {"missing": [f"{MONTHS[2]:%Y-%m}"]}


@pytest.mark.row(12)
def test_the_present_month_is_not_over_and_breaks_nothing() -> None:
    held = Service(days=MONTHS)
    assert find(of(By.LONG_TERM), held, TODAY).holds
    after = date(2026, 12, 1)
    assert find(of(By.LONG_TERM), held, after).facts == {"missing": ["2026-11"]}


@pytest.mark.row(12)
def test_projects_are_fixed_that_come_again_in_so_many_months() -> None:
    projects = of(By.FIXED_PROJECTS)
    found = find(projects, Service(kinds={"elderly": 6, "tutoring": 3, "event": 2}), TODAY)
    assert found.holds
    assert found.facts == {"fixed": ["elderly", "tutoring"], "wanted": 2}
    assert not find(projects, Service(kinds={"elderly": 6, "event": 2}), TODAY).holds


@pytest.mark.row(12)
def test_the_share_outside_festivals_is_of_days_and_an_ordinary_weekend_is_no_festival() -> None:
    spring, weekend, worked = date(2026, 2, 17), date(2026, 3, 14), date(2026, 2, 14)
    assert festival_of(spring)
    assert festival_of(weekend) is None
    assert festival_of(worked) is None  # a Saturday that is worked for the Spring Festival
    found = regularity([spring, weekend, worked, date(2026, 3, 18), date(2024, 1, 1)], TODAY)
    assert (found.days, found.on_festivals, found.months, found.outside_festivals) == (4, 1, 2, 75)
    assert regularity([], TODAY).outside_festivals is None


@given(days, st.integers(1, 36))
def test_a_window_ends_with_the_month_of_today_and_has_so_many_months(today: date, months: int) -> None:
    first = first_of_window(today, months)
    assert first.day == 1
    assert (today.year - first.year) * 12 + today.month - first.month == months - 1


@given(days, st.lists(days), days)
def test_service_more_never_makes_a_criterion_lapse(today: date, served: list[date], more: date) -> None:
    long_term = of(By.LONG_TERM)
    if find(long_term, Service(days=served), today).holds:
        assert find(long_term, Service(days=[*served, more]), today).holds


@given(days, st.sampled_from([one for one in SIX_HAVES.criteria if one.by is By.JUDGEMENT]))
def test_a_judgement_may_hold_for_so_many_months_to_the_day(today: date, criterion: Criterion) -> None:
    last = latest_expiry(criterion, today)
    assert (last.year - today.year) * 12 + last.month - today.month == criterion.valid_months
    assert last.day <= today.day


@pytest.mark.row(11)
def test_a_judgement_holds_to_its_last_day_and_not_beyond() -> None:
    staff = SIX_HAVES.criteria[0]
    stands = [judged(staff, Judgement(holds=True, expires_on=TODAY), TODAY + timedelta(days=later)) for later in (0, 1)]
    assert [(one.holds, one.cause) for one in stands] == [(True, Cause.JUDGED), (False, Cause.EXPIRED)]
    assert judged(staff, None, TODAY).cause is Cause.NOT_JUDGED
    assert not judged(staff, Judgement(holds=False, expires_on=TODAY), TODAY).holds


def found(*holds: bool) -> list[Found]:
    return [Found(str(number), holds=one, cause=Cause.COMPUTED, facts={}) for number, one in enumerate(holds)]


@pytest.mark.row(11, 12)
def test_a_station_is_standard_while_all_criteria_hold_and_lapsed_once_one_of_them_does_not() -> None:
    steps = [
        (False, found(False, False), Status.PLANNED),
        (False, found(True, False), Status.BUILDING),
        (True, found(True, False), Status.BUILDING),
        (True, found(True, True), Status.STANDARD),
        (True, found(True, False), Status.LAPSED),
        (True, found(False, False), Status.LAPSED),
        (True, found(True, True), Status.STANDARD),
    ]
    status = Status.PLANNED
    for is_open, criteria, expected in steps:
        status = status_of(status, criteria, is_open=is_open)
        assert status is expected


def test_a_station_is_reviewed_when_a_month_begins_or_a_judgement_has_ended_or_it_opens() -> None:
    ends = Found("staff", holds=True, cause=Cause.JUDGED, facts={}, expires_on=date(2026, 11, 29))
    assert review_on(SIX_HAVES, found(True), TODAY, None) == date(2026, 12, 1)
    assert review_on(SIX_HAVES, [*found(True), ends], TODAY, None) == date(2026, 11, 30)
    assert review_on(SIX_HAVES, [ends], TODAY, date(2026, 11, 28)) == date(2026, 11, 28)


@pytest.mark.row(11)
@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"%PDF-1.7 ...", "application/pdf"),
        (b"\xff\xd8\xff\xe0JFIF", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
    ],
)
def test_evidence_is_known_by_its_content(content: bytes, media_type: str) -> None:
    assert checked_type(content) == media_type


@pytest.mark.row(11)
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", Code.MISSING),
        (b"<html><script>alert(1)</script>", Code.NOT_EVIDENCE),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Code.NOT_EVIDENCE),
        (b"GIF89a", Code.NOT_EVIDENCE),
        (b"%PDF-" + bytes(LARGEST_EVIDENCE), Code.TOO_LARGE),
    ],
)
def test_what_is_no_document_or_picture_is_no_evidence(content: bytes, code: Code) -> None:
    with pytest.raises(RefusedError) as refused:
        checked_type(content)
    assert refused.value.faults[0].code is code
