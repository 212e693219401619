"""How parked records look on a terminal.

Invariant: what is shown of a record are its own bytes: as text where they are printable, else in hex; nothing in them
reaches the terminal as a control sequence or as markup.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from sqlalchemy import Row

from shared.messaging.dead_letter import headers_from_json
from shared.ops import terminal

_HEX_WIDTH = 16


def overview(letters: Sequence[Row[Any]], prefix: str) -> Table:
    """Return a table of some records, each with what is needed to go on: its id, where it was, why it is parked."""
    table = terminal.listing("id", "state", "record", "key", "reason", "parked at")
    for row in letters:
        table.add_row(
            str(row.id),
            row.state,
            Text(_place(row, prefix)),
            Text(readable(row.key)),
            Text(row.reason),
            terminal.moment(row.parked_at),
        )
    return table


def page(row: Row[Any], prefix: str, ahead: int, behind: int) -> Group:
    """Return all that is known of one record. ``ahead`` and ``behind``: how many are parked in its key beside it."""
    facts = terminal.facts(_facts(row, prefix, ahead, behind))
    headers = terminal.facts(
        (readable(name.encode()), readable(content)) for name, content in headers_from_json(row.headers)
    )
    size = _without_value(row) if row.value is None else f"{len(row.value)} bytes"
    parts: list[RenderableType] = [facts, "\nheaders", headers, f"\nvalue: {size}"]
    return Group(*parts, *([Text(value_text(row.value))] if row.value else []))


def _without_value(row: Row[Any]) -> str:
    return (
        "none (a tombstone)" if row.state == "parked" else "none (a tombstone, or state, deleted when it was settled)"
    )


def _facts(row: Row[Any], prefix: str, ahead: int, behind: int) -> Iterator[tuple[str, str]]:
    yield "id", str(row.id)
    yield "state", row.state
    yield "record", _place(row, prefix)
    yield "key", readable(row.key)
    yield "reason", row.reason
    yield "message", readable(row.message.encode())
    yield "parked at", terminal.moment(row.parked_at)
    yield "attempts", f"{row.attempts}, the last at {terminal.moment(row.tried_at)}" if row.attempts else "none yet"
    if row.state == "parked":
        yield "in its key", f"{ahead} parked before it, {behind} behind it"
    else:
        yield "settled", f"{terminal.moment(row.settled_at)} by {row.settled_by}"
    if row.settled_reason:
        yield "because", readable(row.settled_reason.encode())


def readable(content: bytes | None) -> str:
    """Return bytes as text where they are printable text, else in hex."""
    if content is None:
        return "–"
    text = content.decode("utf-8", "replace")
    return text if text.isprintable() and "\ufffd" not in text else f"0x{content.hex()}"


def value_text(value: bytes) -> str:
    """Return a record's value: indented where it is JSON, else as a dump of its bytes."""
    try:
        return json.dumps(json.loads(value), ensure_ascii=False, indent=2)
    except ValueError:
        return "\n".join(_dump(value))


def _dump(value: bytes) -> Iterator[str]:
    for start in range(0, len(value), _HEX_WIDTH):
        line = value[start : start + _HEX_WIDTH]
        text = "".join(char if char.isascii() and char.isprintable() else "." for char in line.decode("latin-1"))
        yield f"{start:08x}  {line.hex(' '):<{3 * _HEX_WIDTH}} {text}"


def _place(row: Row[Any], prefix: str) -> str:
    return f"{row.topic.removeprefix(prefix)}[{row.partition}] @ {row.offset}"
