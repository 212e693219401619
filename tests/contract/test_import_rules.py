"""The import rules hold, and each of them fails on a seeded violation: a rule that cannot fail proves nothing."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

VIOLATIONS = {
    "Services never import one another": (
        "services/assessment/ledger/repository.py",
        "import services.registry.people.domain.identity",
    ),
    "The parts of registry stand on floors": (
        "services/registry/places/repository.py",
        "import services.registry.people.repository",
    ),
    "The parts of activities stand on floors": (
        "services/activities/signing_up/repository.py",
        "import services.activities.records.repository",
    ),
    "The parts of assessment stand on floors": (
        "services/assessment/ledger/repository.py",
        "import services.assessment.stars.repository",
    ),
    "The parts of portal stand on floors": (
        "services/portal/sessions/repository.py",
        "import services.portal.me.queries",
    ),
    "What every page has in common has layers of its own": (
        "services/portal/shell/look.py",
        "import services.portal.shell.pages",
    ),
    "The parts of notifications stand on floors": (
        "services/notifications/messages/repository.py",
        "import services.notifications.deliveries.repository",
    ),
    "Every part has the same layers": (
        "services/activities/publishing/repository.py",
        "import services.activities.publishing.queries",
    ),
    "What a part does is its own": (
        "services/activities/attendance/commands.py",
        "import services.activities.signing_up.commands",
    ),
    "The kit has layers of its own": ("shared/store/engine.py", "import shared.http.pages"),
    "The kit knows no service": ("shared/service/run.py", "import services.registry.settings"),
    "Domain and contracts import no driver": ("services/activities/publishing/domain.py", "import sqlalchemy"),
    "Only the kit's messaging and reactions see Kafka": (
        "services/assessment/ledger/repository.py",
        "import aiokafka",
    ),
    "Commands speak domain": ("services/activities/publishing/commands.py", "import shared.http.auth"),
    "A replay can send nothing": ("shared/messaging/replay/rebuild.py", "import shared.store.event_log"),
    "A projection can send nothing": (
        "services/assessment/ledger/projections.py",
        "import shared.store.event_log",
    ),
}


def check(directory: Path) -> str:
    """Run the import rules over a copy of the code and return what they print."""
    result = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--config", "pyproject.toml"],
        cwd=directory,
        env={"PYTHONPATH": str(directory), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stdout + result.stderr


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for package in ("services", "shared", "deploy"):
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "sample", "*.json")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_import_rule_is_kept(copy: Path) -> None:
    report = check(copy)
    assert f"Contracts: {len(VIOLATIONS)} kept, 0 broken." in report, report


@pytest.mark.parametrize("rule", VIOLATIONS)
def test_a_seeded_violation_breaks_the_rule(copy: Path, rule: str) -> None:
    file, statement = VIOLATIONS[rule]
    with (copy / file).open("a") as source:
        source.write(f"\n{statement}\n")
    assert f"{rule} BROKEN" in check(copy)


def test_a_module_outside_the_layers_breaks_the_build(copy: Path) -> None:
    (copy / "services/assessment/ledger/helper.py").write_text('"""A stray."""\n')
    report = check(copy)
    assert "helper" in report
    assert "kept, 0 broken" not in report
