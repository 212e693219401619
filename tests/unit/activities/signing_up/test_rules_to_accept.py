"""Row 17: whoever signs up has accepted the rules that are required by now."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from services.activities.signing_up.domain import Place, Shift, decide_group
from shared.contracts.faults import RefusedError

PEOPLE = [UUID(int=n) for n in range(1, 4)]
NOW = datetime(2026, 11, 28, 1, tzinfo=UTC)
SHIFT = Shift(uuid4(), uuid4(), "陪伴阅读", NOW + timedelta(days=1), NOW + timedelta(days=2), 9, 0, 0, 1)


def verdicts(parties: list[list[UUID]], unaccepted: dict[UUID, list[str]]) -> list[list[Place] | RefusedError]:
    return decide_group(SHIFT, NOW, parties, set(PEOPLE), {}, unaccepted=unaccepted).verdicts


def test_who_has_rules_to_accept_is_refused_in_a_sentence_that_names_them_and_says_where() -> None:
    refused, placed = verdicts([PEOPLE[:1], PEOPLE[1:2]], {PEOPLE[0]: ["志愿者守则", "安全须知"]})
    assert isinstance(placed, list)
    assert isinstance(refused, RefusedError)
    (fault,) = refused.faults
    assert (fault.field, fault.code) == ("shift_id", "rules_to_accept")
    assert fault.message("zh-CN").startswith("需要先阅读并同意：《志愿者守则》《安全须知》")
    assert '"志愿者守则", "安全须知" (under Me, Rules for volunteers' in fault.message("en")


def test_of_a_party_each_who_has_is_named_and_nobody_gets_a_place() -> None:
    (refused,) = verdicts([PEOPLE], {PEOPLE[1]: ["志愿者守则"]})
    assert isinstance(refused, RefusedError)
    assert [fault.field for fault in refused.faults] == ["group.1"]
