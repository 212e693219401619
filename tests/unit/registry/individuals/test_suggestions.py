"""Row 18: which teams suit somebody without one, and why, in points that anybody can add up again."""

import random
from uuid import UUID

import pytest

from services.registry.allocation.domain.rules import NO_SKILL, UNWANTED
from services.registry.individuals.domain.suggestions import Person, Suggestion, Team, in_words, suggest

HERE, NEAR, FAR = (103.75, 30.77), (103.76, 30.77), (103.90, 30.60)
PERSON = Person("510115001040", ("law", "music"), ("law", "elderly"), HERE)


def team(number: int, **changes: object) -> Team:
    values = {"community": None, "service": "law", "point": NEAR} | changes
    return Team(UUID(int=number), f"510115-TEAM-{number:03}", f"第{number}服务队", **values)  # type: ignore[arg-type]


def codes(found: list[Suggestion]) -> list[int]:
    return [one.team.id.int for one in found]


@pytest.mark.row(18)
def test_what_is_near_wanted_and_within_one_s_skills_comes_first() -> None:
    teams = [
        team(1, point=FAR),
        team(2, service="event"),
        team(3, service="elderly"),
        team(4),
        team(5, community="510115001040", point=HERE),
    ]
    found = [*suggest(PERSON, teams)]
    assert codes(found) == [5, 4, 3, 2, 1]
    points = {one.team.id.int: one.why["points"] for one in found}
    assert points[5] == 0
    assert points[3] - points[4] == NO_SKILL
    assert points[2] - points[4] == UNWANTED


@pytest.mark.row(18)
def test_the_list_is_the_same_whatever_the_order_in_which_teams_were_read() -> None:
    teams = [team(number, service=("law", "event", "")[number % 3]) for number in range(30)]
    first = codes([*suggest(PERSON, teams)])
    for seed in range(10):
        random.Random(seed).shuffle(teams)
        assert codes([*suggest(PERSON, teams)]) == first


@pytest.mark.row(18)
def test_the_reason_is_in_words_of_both_languages() -> None:
    [found] = suggest(PERSON, [team(1, community="510115001040")])
    assert in_words(found.why, "zh-CN") == "就在居住的社区；服务意向里有法律与税法咨询；用得上的特长：法律。"
    assert in_words(found.why, "en") == (
        "In the community of residence; law and tax advice is among the interests; skills it can use: law."
    )
    [other] = suggest(PERSON, [team(2, service="event", point=FAR)])
    assert in_words(other.why, "en").startswith("About ")
    assert "不在服务意向里" in in_words(other.why, "zh-CN")


@pytest.mark.row(18)
def test_a_way_that_is_not_known_counts_as_the_others_do_and_is_not_told() -> None:
    nowhere, near, far = team(1, point=None), team(2, point=NEAR), team(3, point=FAR)
    found = {one.team.id.int: one.why for one in suggest(PERSON, [nowhere, near, far])}
    assert found[2]["points"] < found[1]["points"] < found[3]["points"]
    assert found[1]["minutes"] is None
    assert "分钟" not in in_words(found[1], "zh-CN")
    homeless = Person(None, (), (), None)
    assert {one.why["points"] for one in suggest(homeless, [nowhere, near, far])} == {UNWANTED}
