"""Prometheus' own programs, and the names that an expression asks for."""

import re
import subprocess
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml
from prometheus_client.metrics import MetricWrapperBase

from deploy.local.paths import ROOT
from tests.support.programs import program

RULES = sorted((ROOT / "deploy" / "prometheus" / "rules").glob("*.yml"))
_NOT_NAMES = re.compile(
    r"""\#.* | "[^"]*" | \{[^}]*\} | \[[^]]*\] | \b(?:by|without|on|ignoring)\s*\([^)]*\) | \b\d+[smhd]?\b""",
    re.VERBOSE,
)
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\b(?!\s*\()")
_KEYWORDS = {"and", "or", "unless", "bool", "offset", "group_left", "group_right"}
_OF_PROMETHEUS = {"up", "ALERTS", "process_resident_memory_bytes", "process_cpu_seconds_total"}
"""What Prometheus itself and the client library's process collector give."""


def promtool(*arguments: str | Path) -> None:
    """Run promtool; fail with what it says."""
    ended = subprocess.run([program("promtool"), *map(str, arguments)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def rules() -> list[dict[str, Any]]:
    """Return every rule of every file."""
    files = [yaml.safe_load(path.read_text()) for path in RULES]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


def alerts() -> list[dict[str, Any]]:
    return [rule for rule in rules() if "alert" in rule]


def names_in(expression: str) -> set[str]:
    """Return the series that a PromQL expression asks for."""
    return set(_NAME.findall(_NOT_NAMES.sub(" ", expression))) - _KEYWORDS


def known_series() -> set[str]:
    """Return every series there is: of shared/ops/metrics.py as it is exposed, recorded ones, Prometheus' own."""
    metrics = vars(import_module("shared.ops.metrics")).values()
    exposed = {name for metric in metrics if isinstance(metric, MetricWrapperBase) for name in _exposed(metric)}
    return exposed | {rule["record"] for rule in rules() if "record" in rule} | _OF_PROMETHEUS


def _exposed(metric: MetricWrapperBase) -> Iterator[str]:
    (family,) = metric.describe()
    match family.type:
        case "counter":
            yield f"{family.name}_total"
        case "histogram":
            yield from (f"{family.name}_{suffix}" for suffix in ("bucket", "count", "sum"))
        case _:
            yield family.name
