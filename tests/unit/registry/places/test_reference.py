from collections.abc import Callable
from datetime import date
from uuid import uuid4

import pytest

from services.registry.accounts import domain as credentials
from services.registry.places.domain import reference
from services.registry.places.domain.fields import Fields
from shared.contracts.faults import RefusedError

TODAY = date(2026, 3, 1)
ORGANISATION = {
    "code": "510115-ORG-01",
    "name": "青年志愿者协会",
    "kind": "university_association",
    "lon": "103.82",
    "lat": "30.68",
}
STATION = {
    "code": "510115-STA-01", "name": "新华社区志愿服务站", "level": "station", "division_code": "510115001040",
    "lon": "103.7498", "lat": "30.7668", "opened_on": "2024-04-07", "volunteer_quota": "2199",
    "demand_by_service": "elderly:283;law:626",
}  # fmt: skip
DIVISION = {"code": "510115001040", "level": "community", "name": "新华社区", "parent_code": "510115001"}
TEAM = {
    "code": "510115-TEAM-007", "name": "服务队", "kind": "community", "organisation_code": "510115-ORG-07",
    "station_code": "", "focus_service": "civic",
}  # fmt: skip
GUIDING_BODY = {"code": "510115-LEAGUE", "name": "共青团温江区委"}
READERS: dict[str, tuple[dict[str, str], Callable[[Fields], object]]] = {
    "division": (DIVISION, lambda fields: reference.division(fields, "510115")),
    "organisation": (ORGANISATION, lambda fields: reference.organisation(fields, {}, ["510115-ORG-01"], {})),
    "guiding_body": (GUIDING_BODY, reference.guiding_body),
    "station": (STATION, lambda fields: reference.station(fields, {"510115001040": "510115001040"}, TODAY, {})),
    "team": (TEAM, lambda fields: reference.team(fields, {"510115-ORG-07": uuid4()}, {}, {})),
}


@pytest.mark.parametrize("kind", READERS)
def test_a_faultless_line_is_taken(kind: str) -> None:
    line, read = READERS[kind]
    fields = Fields(line)
    assert read(fields) is not None
    assert (fields.faults, fields.normalised) == ([], False)


@pytest.mark.parametrize(
    ("kind", "field", "value", "code"),
    [
        ("division", "code", "510115", "length"),
        ("division", "code", "110101001001", "other_district"),
        ("division", "level", "hamlet", "unknown_value"),
        ("division", "name", "", "missing"),
        ("organisation", "code", "a b", "format"),
        ("organisation", "lon", "east", "number"),
        ("organisation", "lat", "91", "out_of_range"),
        ("station", "division_code", "510115001999", "unknown_reference"),
        ("station", "opened_on", "2026-03-02", "in_future"),
        ("station", "volunteer_quota", "-1", "out_of_range"),
        ("station", "volunteer_quota", "12.7", "whole_number"),
        ("station", "volunteer_quota", "十二", "whole_number"),
        ("station", "volunteer_quota", "1e3", "whole_number"),
        ("station", "volunteer_quota", "∞", "whole_number"),
        ("station", "volunteer_quota", "3,000", "whole_number"),
        ("station", "volunteer_quota", "1²", "whole_number"),
        ("station", "volunteer_quota", "١٢", "whole_number"),
        ("station", "volunteer_quota", "12人", "whole_number"),
        ("station", "volunteer_quota", "9" * 1000, "whole_number"),
        ("organisation", "lon", "nan", "number"),
        ("organisation", "lon", "1e2", "number"),
        ("organisation", "lat", "30,68", "number"),
        ("station", "name", "社区?志愿服务站", "garbled"),
        ("station", "name", "\ue000志愿服务站", "garbled"),
        ("station", "name", "蓝天LIОN服务队", "look_alikes"),
        ("station", "demand_by_service", "elderly", "format"),
        ("station", "demand_by_service", "elderly:2;law:3;elderly:4", "named_twice"),
        ("station", "demand_by_service", "elderly:2;为老服务:4", "named_twice"),
        ("station", "demand_by_service", "elderly:2.5", "whole_number"),
        ("station", "demand_by_service", "elderly:-2", "whole_number"),
        ("station", "demand_by_service", "elderly:", "whole_number"),
        ("station", "demand_by_service", "elderly:2;", "format"),
        ("station", "demand_by_service", "juggling:3", "unknown_value"),
        ("team", "organisation_code", "510115-ORG-99", "unknown_reference"),
        ("team", "station_code", "510115-STA-99", "unknown_reference"),
        ("team", "focus_service", "juggling", "unknown_value"),
    ],
)
def test_each_rule_has_its_code(kind: str, field: str, value: str, code: str) -> None:
    line, read = READERS[kind]
    fields = Fields(line | {field: value})
    assert read(fields) is None
    assert [(fault.field, fault.code) for fault in fields.faults] == [(field, code)]


def test_weekly_demand_is_read_as_it_is_written() -> None:
    fields = Fields(STATION | {"demand_by_service": "为老服务：２８３； law : 626", "volunteer_quota": " １２００ "})
    station = reference.station(fields, {"510115001040": "510115001040"}, TODAY, {})
    assert station is not None
    assert (station.demand, station.volunteer_quota) == ((("elderly", 283), ("law", 626)), 1200)


@pytest.mark.parametrize("name", ["ab", "5chief", "a b", "张三abc", "x" * 51, ""])
def test_a_user_name_starts_with_a_letter(name: str) -> None:
    with pytest.raises(RefusedError, match="user_name:format"):
        credentials.user_name(name)


def test_log_in_names_do_not_mind_case_and_width() -> None:
    assert credentials.log_in_name(" Li.Wei ") == credentials.user_name("li.wei") == "li.wei"
    assert credentials.log_in_name("５１０１１５0000000a") == "5101150000000A"


@pytest.mark.parametrize(("password", "code"), [("short", "weak"), ("aaaaaaaaaaaa", "weak"), ("ab" * 101, "too_long")])
def test_weak_passwords_are_refused(password: str, code: str) -> None:
    with pytest.raises(RefusedError, match=f"password:{code}"):
        credentials.check_password(password)
