"""Row 20: what of a household is for its case workers alone, and what everybody else can make of the rest: nothing."""

from contextlib import nullcontext
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from services.registry.people.domain.privacy import KeyRing
from services.registry.recipients.domain.household import (
    ADDRESS_LENGTH,
    MOST_PEOPLE,
    NAME_LENGTH,
    NOTE_LENGTH,
    PERSON_NOTE_LENGTH,
    SENSITIVE,
    SHOWN_AS,
    Category,
    HouseholdFile,
    Person,
    checked,
    checked_note,
)
from services.registry.recipients.domain.pairing import Rhythm, check_span, check_visit, next_visit
from services.registry.recipients.domain.sealing import SealedFile, open_file, open_note, seal_file, seal_note
from shared.contracts.faults import RefusedError

KEYS = KeyRing(b"m" * 32, b"b" * 32, b"c" * 32)
HOUSEHOLD = UUID("01900000-0000-7000-8000-000000000001")
TODAY = date(2026, 3, 1)


def text(most: int) -> st.SearchStrategy[str]:
    return st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=most)


people = st.builds(
    Person,
    name=text(NAME_LENGTH),
    category=st.sampled_from(Category),
    phone=st.just("17000000000"),
    note=text(PERSON_NOTE_LENGTH),
)
files = st.builds(
    HouseholdFile,
    address=text(ADDRESS_LENGTH),
    phone=st.just("17000000000"),
    note=text(NOTE_LENGTH),
    people=st.lists(people, min_size=1, max_size=MOST_PEOPLE).map(tuple),
)
LONGEST = HouseholdFile(
    "\U00020000" * ADDRESS_LENGTH,
    "1" * 20,
    "\U00020000" * NOTE_LENGTH,
    tuple(
        Person("\U00020000" * NAME_LENGTH, Category.CHILD_OF_RELEASED_PRISONER, "1" * 20, '"' * PERSON_NOTE_LENGTH)
        for _ in range(MOST_PEOPLE)
    ),
)


@pytest.mark.row(20)
def test_a_sensitive_category_is_shown_as_a_group_that_others_are_in_as_well() -> None:
    assert {Category.CHILD_OF_RELEASED_PRISONER, Category.DISABLED} == SENSITIVE
    for category in SENSITIVE:
        others = {each for each in Category if SHOWN_AS[each] is SHOWN_AS[category]} - SENSITIVE
        assert others, category
    assert SHOWN_AS[Category.CHILD_OF_RELEASED_PRISONER] == "youth"


@pytest.mark.row(20)
@given(files, st.data())
def test_what_is_outside_the_file_is_the_same_whatever_the_sensitive_category(
    file: HouseholdFile, data: st.DataObject
) -> None:
    """Each person's category is changed to another of the same group: groups and lengths stay as they are."""
    other = HouseholdFile(
        file.address,
        file.phone,
        file.note,
        tuple(
            Person(
                person.name,
                data.draw(st.sampled_from([each for each in Category if SHOWN_AS[each] is SHOWN_AS[person.category]])),
                person.phone,
                person.note,
            )
            for person in file.people
        ),
    )
    assert file.groups == other.groups
    one, two = (seal_file(KEYS, HOUSEHOLD, each) for each in (file, other))
    assert (len(one.content), len(one.wrapped_key)) == (len(two.content), len(two.wrapped_key))


@pytest.mark.row(20)
@given(files)
def test_all_files_are_of_one_length_and_open_as_they_were(file: HouseholdFile) -> None:
    sealed = seal_file(KEYS, HOUSEHOLD, file)
    assert len(sealed.content) == len(seal_file(KEYS, HOUSEHOLD, LONGEST).content)
    assert open_file(KEYS, HOUSEHOLD, sealed) == file


@pytest.mark.row(20)
@given(text(NOTE_LENGTH))
def test_all_notes_of_visits_are_of_one_length_the_empty_one_too(note: str) -> None:
    key, visit = KEYS.new_household_key(HOUSEHOLD), uuid4()
    sealed, empty = (seal_note(KEYS, HOUSEHOLD, key, visit, each) for each in (note, ""))
    assert len(sealed) == len(empty)
    assert open_note(KEYS, HOUSEHOLD, key, visit, sealed) == note


@pytest.mark.row(20)
def test_a_file_opens_for_its_own_household_alone() -> None:
    sealed = seal_file(KEYS, HOUSEHOLD, LONGEST)
    with pytest.raises(InvalidTag):
        open_file(KEYS, uuid4(), sealed)
    other = seal_file(KEYS, HOUSEHOLD, LONGEST)
    with pytest.raises(InvalidTag):
        open_file(KEYS, HOUSEHOLD, SealedFile(other.wrapped_key, sealed.content))
    key, visit = sealed.wrapped_key, uuid4()
    note = seal_note(KEYS, HOUSEHOLD, key, visit, "x")
    with pytest.raises(InvalidTag):
        open_note(KEYS, HOUSEHOLD, key, uuid4(), note)


@pytest.mark.row(20)
def test_no_repr_shows_a_household() -> None:
    shown = repr(LONGEST) + repr(LONGEST.people[0]) + repr(seal_file(KEYS, HOUSEHOLD, LONGEST))
    assert "prisoner" not in shown
    assert "\U00020000" not in shown


def test_every_fault_is_found_and_named_by_its_field() -> None:
    with pytest.raises(RefusedError) as refused:
        checked({"address": " ", "phone": "abc"}, [{"name": "张三", "category": "x"}, {"name": "", "note": "x" * 201}])
    assert [f"{fault.field}: {fault.code}" for fault in refused.value.faults] == [
        "address: missing",
        "phone: format",
        "people.0.category: unknown_value",
        "people.1.name: missing",
        "people.1.category: missing",
        "people.1.note: too_long",
    ]
    for number, code in ((0, "missing"), (MOST_PEOPLE + 1, "too_many")):
        with pytest.raises(RefusedError) as refused:
            checked({"address": "柳城"}, [{"name": "张三", "category": "youth"}] * number)
        assert [(fault.field, fault.code) for fault in refused.value.faults] == [("people", code)]
    with pytest.raises(RefusedError):
        checked_note("x" * (NOTE_LENGTH + 1))


def test_a_visit_is_due_a_rhythm_after_the_last_one() -> None:
    assert next_visit(Rhythm.WEEKLY, TODAY, None) == date(2026, 3, 8)
    assert next_visit(Rhythm.MONTHLY, TODAY, date(2026, 3, 10)) == date(2026, 4, 10)


@pytest.mark.parametrize(
    ("starts", "ends", "fault"),
    [
        (0, None, ""),
        (0, 0, ""),
        (0, -1, "ends_on: end_before_start"),
        (400, None, "starts_on: out_of_range"),
        (0, 3000, "ends_on: out_of_range"),
    ],
)
def test_a_pairing_ends_on_no_day_before_it_began_and_is_of_five_years_at_most(
    starts: int, ends: int | None, fault: str
) -> None:
    days = TODAY + timedelta(days=starts), None if ends is None else TODAY + timedelta(days=ends)
    with pytest.raises(RefusedError, match=fault.replace(" ", "")) if fault else nullcontext():
        check_span(*days, TODAY)


@pytest.mark.parametrize(
    ("day", "minutes", "fault"),
    [(0, 60, ""), (1, 60, "visited_on:in_future"), (-11, 60, "visited_on:too_early"), (0, 0, "minutes:out_of_range")],
)
def test_a_visit_has_been_and_was_in_the_pairing_s_time(day: int, minutes: int, fault: str) -> None:
    visit = TODAY + timedelta(days=day), minutes, TODAY - timedelta(days=10), None, TODAY
    with pytest.raises(RefusedError, match=fault) if fault else nullcontext():
        check_visit(*visit)
