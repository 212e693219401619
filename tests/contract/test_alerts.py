"""The alert rules: valid, tested in both directions, asking for metrics that exist, and each with its runbook.

promtool (Debian's package `prometheus`) runs the rules' own unit tests, deploy/prometheus/tests.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from deploy.local.paths import ROOT
from deploy.services import SERVICES
from tests.support.promtool import RULES, alerts, known_series, names_in, promtool, rules

PROMETHEUS = ROOT / "deploy" / "prometheus"
RUNBOOKS = ROOT / "deploy" / "runbooks"
TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))
HEADINGS = ["## Meaning", "## Check", "## Fix", "## Verify"]
NAMES = sorted({alert["alert"] for alert in alerts()})


def test_promtool_accepts_the_rules_and_the_configuration() -> None:
    promtool("check", "rules", *RULES)
    promtool("check", "config", "--syntax-only", PROMETHEUS / "prometheus.yml")


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
@pytest.mark.row(63)
def test_alerts_fire_when_they_should_and_only_then(file: Any) -> None:
    promtool("test", "rules", file)


@pytest.mark.parametrize("alert", NAMES)
def test_every_alert_is_tested_in_both_directions(alert: str) -> None:
    expectations = [bool(samples) for expression, samples in _expectations() if f'"{alert}"' in expression]
    assert set(expectations) == {True, False}


def _expectations() -> Iterator[tuple[str, list[Any]]]:
    for file in TESTS:
        for case in yaml.safe_load(file.read_text())["tests"]:
            for look in case["promql_expr_test"]:
                yield look["expr"], look["exp_samples"]


def test_rules_ask_for_series_that_exist() -> None:
    missing = {name: rule for rule in rules() for name in names_in(rule["expr"]) - known_series()}
    assert not missing


def test_an_unknown_series_is_found() -> None:
    expression = 'sum by (service) (rate(http_requests{status=~"5.."}[5m])) > on (service) up offset 5m # s'
    assert names_in(expression) == {"http_requests", "up"}


def test_every_alert_says_how_urgent_it_is_and_what_to_do() -> None:
    for alert in alerts():
        assert alert["labels"]["severity"] in {"page", "ticket"}
        annotations = alert["annotations"]
        kebab = re.sub(r"(?<!^)([A-Z])", r"-\1", alert["alert"]).lower()
        assert annotations.keys() == {"summary", "description", "runbook"}
        assert annotations["runbook"] == f"deploy/runbooks/{kebab}.md"
        assert (ROOT / annotations["runbook"]).exists(), kebab


def test_every_runbook_is_some_alerts_or_linked_from_another() -> None:
    pages = {path.name: path.read_text() for path in RUNBOOKS.glob("*.md")}
    of_alerts = {alert["annotations"]["runbook"].rsplit("/", 1)[1] for alert in alerts()}
    linked = {name for name in pages if any(f"({name})" in text for other, text in pages.items() if other != name)}
    assert pages.keys() <= of_alerts | linked


@pytest.mark.parametrize("page", sorted(RUNBOOKS.glob("*.md")), ids=lambda page: page.stem)
def test_a_runbook_says_meaning_check_fix_verify_and_links_what_exists(page: Any) -> None:
    text = page.read_text()
    assert [heading for heading in re.findall(r"^## \w+", text, re.MULTILINE) if heading in HEADINGS] == HEADINGS
    targets = [target for target in re.findall(r"\]\(([^)#]+)", text) if "://" not in target]
    assert all((page.parent / target).exists() for target in targets)


def test_every_process_of_compose_is_scraped_under_its_services_name() -> None:
    configuration = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    scraped = {
        (job["job_name"], job["dns_sd_configs"][0]["names"][0], job["relabel_configs"][0]["replacement"])
        for job in configuration["scrape_configs"]
    }
    running = {name for name in compose["services"] if name.split("-")[0] in SERVICES}
    assert scraped == {(name, name, name.split("-")[0]) for name in running}
