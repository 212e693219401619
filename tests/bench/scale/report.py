"""The results: ``docs/scale.json`` and the page made of it, or both in ``.local`` where it was a try with a share."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deploy.local.paths import ROOT, STATE
from tests.bench.scale.reads import target

SLOWEST, MOST_BYTES, MOST_COMPARE_SECONDS = 1.1, 1000, 30
_HEAD = """# Scale

Written by `make bench-scale` from `docs/scale.json`: districts of one size, loaded one after another into one
installation, over HTTP, with every service running. The twentieth is to take 1.1 times the first's time at most.
"""
_RECORDS = ("activities", "assessment")


def write(found: Mapping[str, Any]) -> Path:
    """Write what was found and its page; return where the page is."""
    directory = ROOT / "docs" if found["share"] == 1 else STATE
    (directory / "scale.json").write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    page = directory / "scale.md"
    page.write_text(render(found))
    return page


def keep(found: Mapping[str, Any]) -> None:
    """Write what has been found so far, for whoever has to break a run off."""
    (STATE / "scale-so-far.json").write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")


def render(found: Mapping[str, Any]) -> str:
    """Return the page."""
    parts = [_HEAD, f"`{found['command']}` on {found['machine']}.", "", "## Targets", *_targets(found)]
    parts += ["", "## Districts", *_districts(found["districts"])]
    parts += ["", "## Reads", *_reads(found["reads"], len(found["districts"]))]
    parts += ["", "## Bytes", *_bytes(found)]
    parts += [
        "",
        "## Statements",
        "",
        "Seconds in PostgreSQL while a district was loaded, of the first and of the last.",
    ]
    parts += _statements(found["districts"])
    return "\n".join(parts) + "\n"


def bytes_a_record(found: Mapping[str, Any], services: Sequence[str] = _RECORDS) -> float:
    """Return the bytes that a service record takes in the databases of some services, everything in them included."""
    grown = sum(found["database_bytes"][service] - found["empty_bytes"][service] for service in services)
    records: int = sum(district["records"] for district in found["districts"])
    return float(grown) / records


def _targets(found: Mapping[str, Any]) -> list[str]:
    first, last = found["districts"][0], found["districts"][-1]
    number = len(found["districts"])
    rows: list[tuple[str, ...]] = [("what", "measured", "target", "reached")]
    for name in ("roster", "records"):
        times = rate(first, name) / rate(last, name)
        rows.append(_target(f"{name} of district {number}, times the first's seconds a row", times, SLOWEST, "×"))
    rows.append(_target("bytes a record, activities and assessment", bytes_a_record(found), MOST_BYTES, "B"))
    rows.append(_target("`linbang assessment compare`", found["compare_seconds"], MOST_COMPARE_SECONDS, "s"))
    for read, milliseconds in found["reads"]["last"].items():
        if (most := target(read)) is not None:
            rows.append(_target(f"{read}, district {number}", milliseconds, most, "ms"))
    return _table(rows)


def _target(what: str, value: float, most: float, unit: str) -> tuple[str, ...]:
    return what, f"{value:,.2f} {unit}", f"≤ {most:,} {unit}", "yes" if value <= most else "**no**"


def _districts(districts: Sequence[Mapping[str, Any]]) -> list[str]:
    rows: list[tuple[str, ...]] = [("district", "volunteers", "roster rows/s", "records", "records/s to the ledger")]
    for district in districts:
        counts = f"{district['volunteers']:,}", f"{district['records']:,}"
        rates = f"{rate(district, 'roster'):,.0f}", f"{rate(district, 'records'):,.0f}"
        rows.append((district["code"], counts[0], rates[0], counts[1], rates[1]))
    return _table(rows)


def rate(district: Mapping[str, Any], name: str) -> float:
    """Return the lines a second of a district's roster or records."""
    lines = district["volunteers" if name == "roster" else "records"]
    return float(lines / district[f"{name}_seconds"])


def _reads(reads: Mapping[str, Mapping[str, float]], number: int) -> list[str]:
    rows: list[tuple[str, ...]] = [("median ms", "one district alone", f"first of {number}", f"last of {number}")]
    rows += [(name, *(f"{reads[when][name]:.1f}" for when in ("alone", "first", "last"))) for name in reads["alone"]]
    return _table(rows)


def _bytes(found: Mapping[str, Any]) -> list[str]:
    records = sum(district["records"] for district in found["districts"])
    rows: list[tuple[str, ...]] = [("table", "rows, bytes a record", "indexes, bytes a record", "of these")]
    for service, tables in found["tables"].items():
        rows.append((f"**{service}**", f"**{bytes_a_record(found, [service]):,.0f}** in all", "", ""))
        for table in tables:
            each = ", ".join(f"{name} {size / records:.0f}" for name, size in table["each"].items())
            rows.append((table["name"], f"{table['heap'] / records:,.0f}", f"{table['indexes'] / records:,.0f}", each))
    total = sum(found["database_bytes"].values())
    note = f"{total / 2**30:,.1f} GiB in all databases, {total / records:,.0f} bytes a record."
    return [*_table(rows), "", note]


def _statements(districts: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        line
        for district in (districts[0], districts[-1])
        for line in ("", f"{district['code']}:", "```", *district["statements"], "```")
    ]


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    head, *rest = ("| " + " | ".join(row) + " |" for row in rows)
    return ["", head, "|" + "---|" * len(rows[0]), *rest]
