"""The demo's command against running services: two districts apart, repeated, and with a total that is wrong."""

import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from unittest.mock import patch

import pytest
from typer.testing import CliRunner, Result

from deploy.demo import command, figures, walk
from deploy.demo.command import Running, app
from deploy.demo.district import Platform, logged_in
from deploy.demo.folder import Window
from tests.integration.demo.district_folder import id_number, write_district

pytestmark = pytest.mark.usefixtures("platform")


def run(folder: Path) -> Result:
    return CliRunner(env={"COLUMNS": "100"}).invoke(app, [str(folder)])


def standing(platform: Platform, district: str) -> Mapping[str, object]:
    """Everything that the district is compared by."""
    name = f"admin.{district}"
    with logged_in(platform, name, platform.password(name)) as admin:
        return {
            "volunteers": admin.registry.send("GET", "/v1/volunteers/counts").json(),
            "lifetime": figures.totals(admin.assessment),
            "year": figures.totals(admin.assessment, Window(2025)),
            "stations": figures.by_station(admin.assessment, Window(2025)),
            "stars": figures.stars(admin.assessment),
            "each": figures.of_every_volunteer(admin.assessment, Window(2025)),
            "preview": figures.preview(admin.assessment, 2025),
        }


@pytest.mark.usefixtures("half_a_minute")
@pytest.mark.row(59)
def test_two_districts_stay_apart_and_nothing_happens_twice(platform: Platform, tmp_path: Path) -> None:
    one, other = tmp_path / "510199", tmp_path / "510198"
    write_district(one, "510199", "甲区", seed=1, volunteers=200, records=1000, packed=False, expected=True)
    write_district(other, "510198", "乙区", seed=2, volunteers=150, records=700, packed=True, expected=False)

    first = run(one)
    assert first.exit_code == 0, first.output
    assert "totals agree" in first.output
    assert "200 new" in first.output
    assert "1,000 new" in first.output
    assert re.search(r"check in +已签到。 \d\d:\d\d:\d\d, with \d{6} of the wall", first.output)
    assert re.search(r"check out +已完成 \d\d:\d\d:\d\d, 1 分", first.output)
    assert "恭喜您成为一星级志愿者" in first.output
    assert "志愿服务时长已入账：1 分钟" in first.output
    after_first = standing(platform, "510199")

    with patch.object(command, "choose", return_value=None):  # one volunteer's day is enough
        second = run(other)
    assert second.exit_code == 0, second.output
    after_second = standing(platform, "510198")
    assert standing(platform, "510199") == after_first

    again = run(one)
    assert again.exit_code == 0, again.output
    assert "Nothing new: 200 volunteers, 1,000 service records unchanged" in again.output
    assert f"“{walk.TITLE}” 已完成, in an earlier run" in again.output
    assert standing(platform, "510199") == after_first
    assert standing(platform, "510198") == after_second


@pytest.mark.usefixtures("nobody_walks")
def test_a_total_that_differs_is_named_with_both_figures(tmp_path: Path) -> None:
    folder = tmp_path / "510197"
    write_district(folder, "510197", "丙区", seed=3, volunteers=30, records=100, packed=False, expected=True)
    totals = folder / "expected" / "expected_totals.json"
    known = json.loads(totals.read_text())
    right = known["lifetime_minutes"]
    totals.write_text(json.dumps(known | {"lifetime_minutes": right + 1}))
    result = run(folder)
    assert result.exit_code == command.DIFFERS, result.output
    said = f"minutes in a lifetime: should be {right:,} (files) and {right + 1:,} (expected/), found {right:,}"
    assert said in " ".join(result.output.split())


@pytest.mark.usefixtures("nobody_walks")
def test_who_came_into_the_district_otherwise_is_not_compared(platform: Platform, tmp_path: Path) -> None:
    folder = tmp_path / "510196"
    write_district(folder, "510196", "丁区", seed=4, volunteers=30, records=100, packed=False, expected=False)
    assert run(folder).exit_code == 0
    form = {"name": "李四", "gender": "male", "id_number": id_number(date(1950, 1, 1)), "phone": "17900000001"}
    form |= {"category": "resident", "organisation": "510196-ORG-02"}
    with logged_in(platform, "admin.510196", platform.password("admin.510196")) as admin:
        admin.registry.send("POST", "/v1/volunteers", json=form, headers={"Idempotency-Key": "otherwise"})
    result = run(folder)
    assert result.exit_code == 0, result.output
    assert "not in this roster, and so not compared: 1\n" in result.output
    assert "expected/" not in result.output


@pytest.mark.usefixtures("nobody_walks")
def test_rejected_lines_are_left_out_and_pointed_at(tmp_path: Path) -> None:
    folder = tmp_path / "510195"
    write_district(folder, "510195", "戊区", seed=5, volunteers=30, records=100, packed=False, expected=False)
    with (folder / "service_records.csv").open("a") as file:
        when = "2025-03-01T08:00:00+08:00,2025-03-01T09:00:00+08:00"
        file.write(f"SR1,51019599999999,510195-STA-01,活动,culture,{when},60,\n")
        file.write("SR2,51019500000002,510195-STA-01,活动,culture,yesterday,today,60,\n")
    with (folder / "volunteers.csv").open("a") as file:
        file.write("51019599999999,,男,1,1,,resident,,,,,,\n")
    result = run(folder)
    assert result.exit_code == 0, result.output
    assert "100 new + 2 rejected" in result.output
    assert "30 new + 1 rejected" in result.output
    assert "report.csv?only=rejected" in result.output


def test_a_service_that_does_not_answer_is_named(platform: Platform, tmp_path: Path) -> None:
    folder = tmp_path / "510194"
    write_district(folder, "510194", "己区", seed=6, volunteers=30, records=100, packed=False, expected=False)
    silent = Platform({**platform.base_urls, "registry": "http://127.0.0.1:9"}, platform.operator_password)
    with patch.object(command, "_find", return_value=Running(silent)), patch("shared.http.client.ATTEMPTS", 1):
        result = run(folder)
    assert result.exit_code == command.FAILED
    assert "http://127.0.0.1:9/v1/tokens does not answer" in result.output


def test_a_wrong_operator_password_is_said(platform: Platform, tmp_path: Path) -> None:
    folder = tmp_path / "510193"
    write_district(folder, "510193", "庚区", seed=7, volunteers=30, records=100, packed=False, expected=False)
    with patch.object(command, "_find", return_value=Running(Platform(platform.base_urls, "another"))):
        result = run(folder)
    assert result.exit_code == command.FAILED
    assert "REGISTRY_OPERATOR_PASSWORD" in result.output
