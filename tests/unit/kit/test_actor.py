"""How far somebody's authority reaches."""

from uuid import UUID

import pytest

from shared.contracts.actor import EVERY_DISTRICT, Actor, Reach, Scope

HERE, ELSEWHERE = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("districts", "covered"),
    [(["510115"], False), (["510115", "510116"], True), ([EVERY_DISTRICT], True)],
    ids=["another district", "one of several", "every district"],
)
def test_a_scope_is_a_set_of_districts(districts: list[str], covered: bool) -> None:
    assert Scope(frozenset(districts)).covers("510116") is covered


@pytest.mark.parametrize(
    ("reach", "unit", "made_by", "theirs"),
    [
        (Reach.OWN, HERE, "account:me", True),
        (Reach.OWN, HERE, "account:other", False),
        (Reach.UNITS, HERE, "account:other", True),
        (Reach.UNITS, ELSEWHERE, "account:other", False),
        (Reach.DISTRICT, ELSEWHERE, "account:other", True),
    ],
)
def test_what_somebody_may_deal_with(reach: Reach, unit: UUID, made_by: str, theirs: bool) -> None:
    scope = Scope(frozenset(["510115"]), frozenset([HERE]))
    actor = Actor(name="account:me", district="510115", scope=scope, reach=reach)
    assert actor.reaches(unit=unit, made_by=made_by) is theirs
