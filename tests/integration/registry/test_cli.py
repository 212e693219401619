"""The command line against a registry in a process of its own."""

import csv
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from services.registry.cli import app
from tests.integration.registry.conftest import ADMIN_PASSWORD, SAMPLE, Registry, id_number, roster, roster_line
from tests.support.eventually import eventually, running


@pytest.fixture(scope="module")
async def url(idle_registry: Registry) -> str:
    """Prepare the district while this process does the work of an importer."""
    async with running(idle_registry.importer().run), running(idle_registry.relay().run):
        await idle_registry.open("510115")
    return f"http://127.0.0.1:{idle_registry.environment['REGISTRY_PORT']}"


async def test_a_roster_is_imported_with_a_report(idle_registry: Registry, url: str, tmp_path: Path) -> None:
    file, report = tmp_path / "roster.csv", tmp_path / "report.csv"
    file.write_bytes(roster([roster_line(1), roster_line(2, phone="12"), roster_line(3, name=" 张三 ")]))
    broken = tmp_path / "broken.csv"
    broken.write_bytes(b",".join(roster([roster_line(4)]).splitlines()[:0:-1]))  # a person where the header should be
    environment = {"LINBANG_USER": "admin.510115", "LINBANG_PASSWORD": ADMIN_PASSWORD, "COLUMNS": "200"}
    run = CliRunner(env=environment).invoke
    with (tmp_path / "log").open("wb") as log, idle_registry.process("api", "relay", "worker", log=log):
        await _ready(url)
        trial = run(app, ["import-roster", str(file), "--dry-run", "--url", url])
        done = run(app, ["import-roster", str(file), "--report", str(report), "--url", url])
        places = run(app, ["import-places", "teams", str(SAMPLE / "teams.csv"), "--dry-run", "--url", url])
        assert done.exit_code == 0, done.output
        again = run(app, ["import-roster", str(file), "--url", url])
        refused = run(app, ["import-roster", str(broken), "--url", url])
        stranger = run(app, ["import-roster", str(file), "--url", url, "--password", "not the password"])
        async with httpx.AsyncClient() as client:
            metrics = (await client.get(f"{url}/metrics")).text
    verdicts = list(csv.DictReader(report.read_text(encoding="utf-8-sig").splitlines()))
    assert [(line["line"], line["verdict"], line["field"], line["code"]) for line in verdicts] == [
        ("2", "accepted", "", ""),
        ("3", "rejected", "phone", "format"),
        ("4", "normalised", "", ""),
    ]
    assert trial.exit_code == 0, trial.output
    assert "Nothing was imported" in trial.output
    assert places.exit_code == 0, places.output
    assert again.exit_code == 0
    assert "--report" in again.output
    assert refused.exit_code == 1
    assert "第 1 行应是表头" in refused.output
    assert stranger.exit_code == 2
    assert "不对" in stranger.output
    logged = (tmp_path / "log").read_text()
    assert "import completed" in logged
    assert "import failed" in logged
    for secret in ("张", id_number(1), id_number(4), "17000000001", "@example.org", ADMIN_PASSWORD):
        assert secret not in logged
        assert secret not in metrics


async def _ready(url: str) -> None:
    async with httpx.AsyncClient() as client:

        async def ready() -> bool:
            try:
                return (await client.get(f"{url}/health/ready")).is_success
            except httpx.TransportError:
                return False

        await eventually(ready)
