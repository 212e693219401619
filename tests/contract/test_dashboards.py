"""The dashboards: Grafana's own models read them, every expression parses, and asks for metrics that exist.

That the files are those the code gives is tested with the rest of what is generated (test_documents.py).
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from deploy import dashboards
from deploy.local.paths import ROOT
from tests.support.promtool import known_series, names_in, promtool

FILES = sorted(dashboards.FOLDER.glob("*.json"))
GRAFANA = ROOT / "deploy" / "grafana" / "provisioning"
_OF_GRAFANA = {"$__rate_interval": "1m"}


@pytest.fixture(params=FILES, ids=lambda file: file.stem)
def dashboard(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(json.loads(Path(request.param).read_text()))


def test_grafanas_models_read_a_dashboard_and_lose_nothing(dashboard: dict[str, Any]) -> None:
    assert json.loads(JSONEncoder().encode(Dashboard.from_json(dashboard))) == dashboard


def test_panels_have_ids_of_their_own_and_do_not_overlap(dashboard: dict[str, Any]) -> None:
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
    taken = [cell for panel in dashboard["panels"] for cell in _cells(**panel["gridPos"])]
    assert len(taken) == len(set(taken))


def _cells(x: int, y: int, w: int, h: int) -> Iterator[tuple[int, int]]:
    assert x + w <= 24
    return ((x + i, y + j) for i in range(w) for j in range(h))


def test_every_query_goes_to_the_provisioned_data_source(dashboard: dict[str, Any]) -> None:
    (source,) = yaml.safe_load((GRAFANA / "datasources" / "prometheus.yml").read_text())["datasources"]
    uids = [target["datasource"]["uid"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    assert set(uids) == {source["uid"]}


def test_every_expression_asks_for_series_that_exist() -> None:
    missing = {name for expression in _expressions() for name in names_in(expression) - known_series()}
    assert not missing


def test_every_expression_parses(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(_expressions())]
    file = tmp_path / "panels.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    promtool("check", "rules", file)


def _expressions() -> list[str]:
    """Return every PromQL expression of every dashboard, Grafana's own variables filled in."""
    found = []
    for file in FILES:
        text = file.read_text()
        for name, value in _OF_GRAFANA.items():
            text = text.replace(name, value)
        found += [t["expr"] for panel in json.loads(text)["panels"] for t in panel.get("targets", ())]
    assert found
    return found
