"""Row 9 of domain.md: what a request for a team says, its code, and where members go when teams end."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.places.domain.codes import TEAM_KINDS
from services.registry.teams.domain.formation import next_code, read_wish
from services.registry.teams.domain.merging import Ending, team_after
from shared.contracts.faults import RefusedError

ORGANISATIONS, STATIONS = {"510115-ORG-01": uuid4()}, {"510115-STA-01": uuid4()}
WISH = {
    "name": "柳城法律服务队",
    "kind": "professional",
    "organisation_code": "510115-ORG-01",
    "station_code": "",
    "focus_service": "law",
    "purpose": "社区反映法律咨询没有人接。",
}


@pytest.mark.row(9)
@pytest.mark.parametrize("kind", TEAM_KINDS)
def test_a_team_is_asked_for_as_community_professional_or_unclassified(kind: str) -> None:
    wish = read_wish(WISH | {"kind": kind, "station_code": "510115-STA-01"}, ORGANISATIONS, STATIONS)
    assert (wish.kind, wish.organisation_id) == (kind, ORGANISATIONS["510115-ORG-01"])


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"name": ""}, ["name:missing"]),
        ({"name": "=队"}, ["name:formula"]),
        ({"kind": "university"}, ["kind:unknown_value"]),
        ({"kind": "community"}, ["station_code:missing"]),
        ({"organisation_code": ""}, ["organisation_code:missing"]),
        ({"organisation_code": "510115-ORG-99"}, ["organisation_code:unknown_reference"]),
        ({"station_code": "510115-STA-99"}, ["station_code:unknown_reference"]),
        ({"focus_service": "juggling"}, ["focus_service:unknown_value"]),
        ({"purpose": " "}, ["purpose:missing"]),
        ({"purpose": "长" * 501}, ["purpose:too_long"]),
        ({"name": "", "kind": "", "purpose": ""}, ["name:missing", "kind:missing", "purpose:missing"]),
    ],
)
def test_every_fault_of_a_request_is_named_at_once(changes: dict[str, str], faults: list[str]) -> None:
    with pytest.raises(RefusedError) as refused:
        read_wish(WISH | changes, ORGANISATIONS, STATIONS)
    assert [f"{fault.field}:{fault.code}" for fault in refused.value.faults] == faults


@given(st.lists(st.integers(0, 10**6)), st.lists(st.text(max_size=20)))
def test_a_code_is_never_given_twice(numbers: list[int], others: list[str]) -> None:
    taken = [f"510115-TEAM-{number:03}" for number in numbers] + others
    code = next_code("510115", taken)
    assert code not in taken
    assert int(code.removeprefix("510115-TEAM-")) == max(numbers, default=0) + 1


@given(st.data(), st.integers(1, 12))
def test_members_of_a_team_that_has_ended_come_to_an_open_team_or_none(data: st.DataObject, count: int) -> None:
    """Teams end one after the other, each merged into one that is open then, or closed."""
    ids = [UUID(int=number + 1) for number in range(count)]
    teams = {each: Ending(str(each), is_closed=False, merged_into_id=None) for each in ids}
    for ending in data.draw(st.permutations(ids))[: data.draw(st.integers(0, count))]:
        still_open = [each for each in ids if not teams[each].is_closed and each != ending]
        into = data.draw(st.sampled_from([None, *still_open]))
        before = {each: team_after(each, teams) for each in ids}
        teams[ending] = Ending(str(ending), is_closed=True, merged_into_id=into)
        for each in ids:
            assert team_after(each, teams) == (into if before[each] == ending else before[each])
