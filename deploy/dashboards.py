"""The Grafana dashboards, as JSON files made from this table: ``make docs`` writes ``deploy/grafana/dashboards``.

Invariant: a panel asks for metrics of ``shared/ops/metrics.py`` and for recorded series of ``deploy/prometheus/rules``
alone (a test looks each name up), so a renamed metric fails the tests and not an operator at night.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from string import ascii_uppercase
from typing import Literal

from grafana_foundation_sdk.builders import common, prometheus, stat, timeseries
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import BigValueColorMode, BigValueGraphMode, BigValueTextMode
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    DataSourceRef,
    Threshold,
    ThresholdsMode,
    VariableRefresh,
)

FOLDER = Path(__file__).parent / "grafana" / "dashboards"
_PROMETHEUS = DataSourceRef(type_val="prometheus", uid="prometheus")

Unit = Literal["short", "s", "percentunit", "reqps", "cps", "bytes", "bool"]


@dataclass(frozen=True)
class Panel:
    """One panel: what it is called, what it asks (legend -> PromQL), and what its answer means."""

    title: str
    queries: Mapping[str, str]
    meaning: str
    unit: Unit = "short"
    width: int = 12
    limits: tuple[float, float] | None = None
    """From where on a figure is yellow, and red. Only figures have colours, lines have none."""
    figure: bool = False
    """The latest value in large, instead of lines over time."""
    nothing: str | None = None
    """What is shown where there is no value."""


@dataclass(frozen=True)
class Page:
    """One dashboard: its rows, each a question and the panels that answer it."""

    uid: str
    title: str
    about: str
    rows: Mapping[str, Sequence[Panel]]
    variables: Mapping[str, str]
    """Name -> metric whose label of that name gives the choices."""


def documents() -> dict[Path, str]:
    """Return every dashboard's path and content."""
    return {FOLDER / f"{page.uid}.json": _document(page) for page in PAGES}


def _document(page: Page) -> str:
    dashboard = (
        build.Dashboard(page.title)
        .uid(page.uid)
        .description(page.about)
        .tags(["linbang"])
        .time("now-1h", "now")
        .refresh("15s")
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .link(build.DashboardLink("Linbang").type(DashboardLinkType.DASHBOARDS).tags(["linbang"]).keep_time(True))
    )
    for name, metric in page.variables.items():
        dashboard.with_variable(_variable(name, metric))
    numbers = count(1)
    for question, panels in page.rows.items():
        dashboard.with_row(build.Row(question).id(next(numbers)))
        for panel in panels:
            dashboard.with_panel(_panel(panel).id(next(numbers)))
    document = JSONEncoder(sort_keys=True).encode(dashboard.build())
    return json.dumps(json.loads(document), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _variable(name: str, metric: str) -> build.QueryVariable:
    return (
        build.QueryVariable(name)
        .datasource(_PROMETHEUS)
        .query(f"label_values({metric}, {name})")
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .include_all(True)
        .multi(True)
    )


def _panel(panel: Panel) -> stat.Panel | timeseries.Panel:
    drawn = _figure(panel) if panel.figure else _lines()
    drawn.title(panel.title).description(panel.meaning).datasource(_PROMETHEUS).unit(panel.unit)
    drawn.span(panel.width).height(5 if panel.figure else 8)
    if panel.nothing:
        drawn.no_value(panel.nothing)
    for letter, (legend, expression) in zip(ascii_uppercase, panel.queries.items(), strict=False):
        query = prometheus.Dataquery().expr(expression).legend_format(legend).ref_id(letter).datasource(_PROMETHEUS)
        drawn.with_target(query.instant() if panel.figure else query.range())
    return drawn


def _figure(panel: Panel) -> stat.Panel:
    drawn = (
        stat.Panel()
        .graph_mode(BigValueGraphMode.NONE)
        .color_mode(BigValueColorMode.BACKGROUND if panel.limits else BigValueColorMode.NONE)
        .text_mode(BigValueTextMode.VALUE_AND_NAME)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    )
    if panel.limits:
        steps = zip((None, *panel.limits), ("green", "yellow", "red"), strict=True)
        drawn.thresholds(
            build.ThresholdsConfig()
            .mode(ThresholdsMode.ABSOLUTE)
            .steps([Threshold(value=value, color=color) for value, color in steps])
        )
    return drawn


def _lines() -> timeseries.Panel:
    return (
        timeseries.Panel()
        .fill_opacity(8)
        .axis_soft_min(0)
        .legend(common.VizLegendOptions().show_legend(True))
        .tooltip(common.VizTooltipOptions())
    )


def _quantiles(histogram: str, by: str, selector: str = "") -> dict[str, str]:
    """Ask for the median and the 99th percentile of a histogram, by one label."""
    return {
        f"{name} {{{{{by}}}}}": f"histogram_quantile({quantile}, sum by (le, {by}) "
        f"(rate({histogram}_bucket{selector}[$__rate_interval])))"
        for name, quantile in (("p50", 0.5), ("p99", 0.99))
    }


_REAL = 'route!~"/health/.*|/metrics"'
_CHOSEN = '{consumer=~"$consumer"}'

OVERVIEW = Page(
    "linbang-overview",
    "Linbang: is anyone affected, where is it stuck",
    "The first screen: the objectives and their budgets, the way of an event, what is parked, are figures true.",
    {
        "Is anyone affected?": [
            Panel(
                "Alerts",
                {"{{severity}} {{alertname}}": 'count by (alertname, severity) (ALERTS{alertstate="firing"})'},
                "What fires now; its runbook is deploy/runbooks/<alert>.md.",
                limits=(1, 1), figure=True, nothing="none", width=12,
            ),
            Panel(
                "Failed requests, 1 h",
                {"{{service}}": "slo:api_bad:ratio_1h"},
                "Share of requests answered with a 5xx. The objective is 99.9 % over 30 days.",
                unit="percentunit", limits=(0.001, 0.0144), figure=True, nothing="no requests", width=6,
            ),
            Panel(
                "Time with late records, 1 h",
                {"hours": "slo:hours_bad:ratio_1h"},
                "Share of the time in which a service record waited longer than 10 s on its way into the hours. The "
                "objective is 99 % over 30 days without.",
                unit="percentunit", limits=(0.01, 0.144), figure=True, width=6,
            ),
            Panel(
                "Burn rate of the budgets",
                {
                    "api {{service}} 1 h": "slo:api_bad:ratio_1h / 0.001",
                    "hours 1 h": "slo:hours_bad:ratio_1h / 0.01",
                    "hours 6 h": "slo:hours_bad:ratio_6h / 0.01",
                },
                "1 uses a budget up in 30 days. A page at 14.4 over 1 h or 6 over 6 h, a ticket at 1 over 3 days.",
            ),
            Panel(
                "Where service records wait longer than 10 s",
                {"{{at}}": "hours_late:where:bool"},
                "1 while they wait in the outbox of activities, in Kafka, came late in a batch, or nobody consumes.",
                unit="bool",
            ),
        ],
        "Where is it stuck? Outbox → broker → groups": [
            Panel(
                "Outbox: oldest event",
                {"{{service}}": "max by (service) (outbox_oldest_seconds)"},
                "Age of the oldest event that Kafka has not acknowledged. OutboxOld fires above 60 s.",
                unit="s", limits=(10, 60), figure=True, width=8,
            ),
            Panel(
                "Outbox: events",
                {"{{service}}": "max by (service) (outbox_depth)"},
                "Events committed and not yet acknowledged by Kafka.",
                figure=True, width=8,
            ),
            Panel(
                "Outbox: empty in",
                {
                    "{{service}}": "max by (service) (outbox_depth) "
                    "/ (-max by (service) (deriv(outbox_depth[5m])) > 0) or max by (service) (outbox_depth) == 0"
                },
                "At the pace of the last 5 minutes. No value where it does not shrink.",
                unit="s", figure=True, nothing="does not shrink", width=8,
            ),
            Panel(
                "Groups: records to read",
                {"{{consumer}}": "sum by (consumer) (partition:consumer_lag_records:max)"},
                "How far each group is behind the end of its topics.",
                figure=True, width=8,
            ),
            Panel(
                "Groups: caught up in",
                {
                    "{{consumer}}": "sum by (consumer) (partition:consumer_lag_records:max) "
                    "/ (-sum by (consumer) (deriv(partition:consumer_lag_records:max[5m])) > 0) "
                    "or sum by (consumer) (partition:consumer_lag_records:max) == 0"
                },
                "At the pace of the last 5 minutes. No value where the lag does not shrink.",
                unit="s", figure=True, nothing="does not shrink", width=8,
            ),
            Panel(
                "Groups: last progress",
                {"{{consumer}}": "time() - min by (consumer) (partition:consumer_last_progress:max)"},
                "Time since the slowest partition of each group moved or stood at its end.",
                unit="s", limits=(10, 60), figure=True, width=8,
            ),
            Panel(
                "Into Kafka",
                {"{{service}}": "sum by (service) (rate(relay_published_total[$__rate_interval]))"},
                "Records that Kafka acknowledged, per second.",
                unit="cps",
            ),
            Panel(
                "Out of Kafka",
                {"{{consumer}}": "sum by (consumer) (rate(consumer_batch_size_sum[$__rate_interval]))"},
                "Records whose effects were committed, per second.",
                unit="cps",
            ),
        ],
        "What is parked?": [
            Panel(
                "Parked records",
                {"{{consumer}} {{reason}}": "max by (consumer, reason) (dead_letters)"},
                "They wait for an operator: linbang <service> dead-letters list.",
                limits=(1, 100), figure=True, nothing="none",
            ),
            Panel(
                "Waits for an operator",
                {"{{consumer}} {{reason}}": "max by (consumer, reason) (consumer_stopped) == 1"},
                "Consumers that stopped rather than skip: too many bad records, or their place or history is gone.",
                unit="bool", limits=(1, 1), figure=True, nothing="none",
            ),
        ],
        "Is the ledger sound?": [
            Panel(
                "Rows that differ from their replay",
                {"{{service}} {{projection}}": "max by (service, projection) (projection_drift)"},
                "By the last comparison. Anything but 0 is wrong.",
                limits=(1, 1), figure=True, nothing="never compared",
            ),
            Panel(
                "Events lost on their way",
                {"{{consumer}} {{event}}": "max by (consumer, event) (events_missing)"},
                "By the last count: in the logs, and neither applied nor parked. Anything but 0 is wrong.",
                limits=(1, 1), figure=True, nothing="never counted",
            ),
            Panel(
                "Last comparison",
                {
                    "{{service}} {{projection}}": "time() - max by (service, projection) "
                    "(projection_compared_timestamp_seconds)"
                },
                "It runs every night; ComparisonMissing fires after 26 hours.",
                unit="s", limits=(86400, 93600), figure=True, nothing="never compared",
            ),
        ],
    },
    {},
)  # fmt: skip

SERVICES = Page(
    "linbang-services",
    "Linbang: services",
    "Requests, processes and their loops, databases, mail.",
    {
        "Requests": [
            Panel(
                "Requests",
                {
                    "{{service}}": "sum by (service) "
                    f'(rate(http_request_seconds_count{{service=~"$service", {_REAL}}}[$__rate_interval]))'
                },
                "Per second, without health and metrics.",
                unit="reqps",
            ),
            Panel(
                "Errors",
                {
                    "{{service}} {{route}} {{status}}": "sum by (service, route, status) (rate("
                    f'http_request_seconds_count{{service=~"$service", status=~"5..", {_REAL}}}[$__rate_interval]))'
                },
                "Answers with a 5xx, per second.",
                unit="reqps", nothing="none",
            ),
            Panel(
                "Time to answer",
                _quantiles("http_request_seconds", "service", f'{{service=~"$service", {_REAL}}}'),
                "Median and 99th percentile.",
                unit="s",
            ),
            Panel(
                "Slowest routes",
                {
                    "{{service}} {{method}} {{route}}": "topk(5, histogram_quantile(0.99, sum by (le, service, method, "
                    f'route) (rate(http_request_seconds_bucket{{service=~"$service", {_REAL}}}[$__rate_interval]))))'
                },
                "99th percentile of the five slowest.",
                unit="s",
            ),
            Panel(
                "Refused",
                {
                    "log-in {{reason}}": "sum by (reason) (rate(log_in_refused_total[$__rate_interval]))",
                    "request {{reason}}": "sum by (reason) (rate(requests_refused_total[$__rate_interval]))",
                },
                "Log-ins and requests refused, per second.",
                unit="reqps", nothing="none",
            ),
            Panel(
                "Sign-ups decided together",
                _quantiles("sign_up_group_size", "service"),
                "Requests in one transaction of a shift: 1 when it is quiet, many in a rush.",
            ),
        ],
        "Processes": [
            Panel(
                "Answering",
                {"{{job}}": 'sum by (job) (up{service=~"$service"})'},
                "Processes that give their metrics.",
                figure=True, width=8,
            ),
            Panel(
                "Loops that cannot work",
                {"{{job}} {{loop}}": 'min by (job, loop) (loop_ready{service=~"$service"}) == 0'},
                "They wait for a server or for an operator.",
                limits=(-1, 0), figure=True, nothing="none", width=8,
            ),
            Panel(
                "Longest without a beat",
                {
                    "{{job}} {{loop}}": "topk(3, time() - min by (job, loop) "
                    '(loop_last_beat_timestamp_seconds{service=~"$service"}))'
                },
                "A loop that has not come round for 60 s hangs.",
                unit="s", limits=(15, 60), figure=True, width=8,
            ),
            Panel(
                "Loops started again",
                {"{{job}} {{loop}}": 'sum by (job, loop) (increase(loop_restarts_total{service=~"$service"}[10m]))'},
                "In 10 minutes.", nothing="none",
            ),
            Panel(
                "Relays that lead",
                {"{{service}}": 'sum by (service) (relay_leader{service=~"$service"})'},
                "Exactly one a service.",
            ),
            Panel(
                "Memory",
                {"{{job}} {{instance}}": 'process_resident_memory_bytes{service=~"$service"}'},
                "Resident memory of each process.",
                unit="bytes",
            ),
            Panel(
                "Processor",
                {"{{job}} {{instance}}": 'rate(process_cpu_seconds_total{service=~"$service"}[$__rate_interval])'},
                "Cores used by each process.",
            ),
        ],
        "Database, relay, mail": [
            Panel(
                "Oldest transaction",
                {"{{service}}": 'max by (service) (pg_oldest_xmin_seconds{service=~"$service"})'},
                "While it runs, vacuum removes nothing newer. OldTransaction fires above 300 s.",
                unit="s",
            ),
            Panel(
                "Relay: a batch of the outbox",
                _quantiles("relay_publish_seconds", "service", '{service=~"$service"}'),
                "From reading a batch to its deletion.",
                unit="s",
            ),
            Panel(
                "Mail",
                {"{{result}}": "sum by (result) (rate(mail_attempts_total[$__rate_interval]))"},
                "Attempts per second, by what the mail server said.",
                unit="cps", nothing="none",
            ),
        ],
    },
    {"service": "up"},
)  # fmt: skip

CONSUMERS = Page(
    "linbang-consumers",
    "Linbang: consumers",
    "Each group's partitions: how far, how fast, how steadily.",
    {
        "How far?": [
            Panel(
                "Lag",
                {"{{consumer}} {{topic}}": f"sum by (consumer, topic) (partition:consumer_lag_records:max{_CHOSEN})"},
                "Records behind the end of each topic.",
            ),
            Panel(
                "Last progress",
                {
                    "{{consumer}} {{topic}} {{partition}}": "topk(5, time() - "
                    f"partition:consumer_last_progress:max{_CHOSEN})"
                },
                "The five partitions that have moved, or stood at their end, longest ago.",
                unit="s",
            ),
            Panel(
                "Positions",
                {
                    "{{consumer}} {{topic}}": "sum by (consumer, topic) "
                    f"(deriv(partition:consumer_committed_offset:max{_CHOSEN}[5m]))"
                },
                "Offsets per second, as the database has them.",
                unit="cps",
            ),
            Panel(
                "Until Kafka deletes what is unread",
                {"{{consumer}} {{topic}}": f"min by (consumer, topic) (retention_headroom_seconds{_CHOSEN})"},
                "RetentionHeadroomLow fires below a day.",
                unit="s",
            ),
        ],
        "How fast?": [
            Panel(
                "From event to effect",
                _quantiles("consumer_event_age_seconds", "consumer", _CHOSEN),
                "From an event's time to the commit of its effects; the oldest of each batch.",
                unit="s",
            ),
            Panel(
                "A batch's transaction",
                _quantiles("consumer_process_seconds", "consumer", _CHOSEN),
                "Median and 99th percentile.",
                unit="s",
            ),
            Panel(
                "Records in a batch",
                _quantiles("consumer_batch_size", "consumer", _CHOSEN),
                "Large batches mean a backlog is worked off; 2,000 is the most.",
            ),
            Panel(
                "Records",
                {"{{consumer}}": f"sum by (consumer) (rate(consumer_batch_size_sum{_CHOSEN}[$__rate_interval]))"},
                "Committed per second.",
                unit="cps",
            ),
        ],
        "How steadily?": [
            Panel(
                "Starting over",
                {
                    "{{consumer}} retries": f"sum by (consumer) (increase(consumer_retries_total{_CHOSEN}[10m]))",
                    "{{consumer}} rebalances": f"sum by (consumer) (increase(rebalances_total{_CHOSEN}[10m]))",
                    "{{consumer}} fenced": f"sum by (consumer) (increase(fencing_rejections_total{_CHOSEN}[10m]))",
                },
                "In 10 minutes. ConsumerUnsteady fires above 3 of a kind.",
            ),
            Panel(
                "Seen again",
                {"{{consumer}}": f"sum by (consumer) (rate(inbox_duplicates_total{_CHOSEN}[$__rate_interval]))"},
                "Events that the inbox knew and left out: normal after a crash of a relay.",
                unit="cps",
            ),
            Panel(
                "Parked",
                {
                    "{{consumer}} {{reason}}": "sum by (consumer, reason) "
                    f"(increase(dead_letter_parked_total{_CHOSEN}[$__rate_interval]))"
                },
                "Records parked as permanently unusable.", nothing="none",
            ),
            Panel(
                "Oldest parked record",
                {"{{consumer}}": f"max by (consumer) (dead_letter_oldest_seconds{_CHOSEN})"},
                "How long it has waited for an operator.",
                unit="s", nothing="none",
            ),
        ],
    },
    {"consumer": "consumer_committed_offset"},
)  # fmt: skip

PAGES = (OVERVIEW, SERVICES, CONSUMERS)
