"""Every metric says what it means, is set somewhere, and has labels of few values that name nobody."""

import re

import pytest
from prometheus_client.metrics import MetricWrapperBase

from deploy.docs import ROOT, every_metric, metrics_page
from shared.ops import metrics

LABELS = {
    "consumer": "a consumer group",
    "kind": "a kind of work",
    "event": "an event's type",
    "loop": "a role of a process",
    "method": "an HTTP method",
    "partition": "a partition's number",
    "projection": "a projection's name",
    "reason": "one of a few codes",
    "result": "one of a few codes",
    "channel": "sms, mail, or none",
    "route": "a route's template",
    "status": "an HTTP status",
    "table": "a table of a service",
    "topic": "a topic",
}
"""What a label may be."""


@pytest.mark.parametrize("metric", every_metric(), ids=lambda metric: metric._name)
def test_a_metric_says_what_it_means_and_labels_name_nobody(metric: MetricWrapperBase) -> None:
    (family,) = metric.describe()
    assert re.fullmatch(r"[A-Z0-9].*\.", family.documentation), family.documentation
    assert set(metric._labelnames) <= LABELS.keys()
    assert f"`{family.name}" in metrics_page()


def test_every_metric_is_set_somewhere() -> None:
    code = "\n".join(
        path.read_text()
        for folder in ("shared", "services")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "metrics.py"
    )
    names = {name for name, value in vars(metrics).items() if isinstance(value, MetricWrapperBase)}
    assert not {name for name in names if not re.search(rf"\b{name}\b", code)}
