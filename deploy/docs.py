"""Documentation made from the code: ``docs/events.md``, ``docs/asyncapi.json``, ``docs/api/*``, and frozen schemas.

Invariant: what the documents say is what the code does: they are worked out from the contracts and from the services
as their composition roots put them together, and a test fails where they are stale. A frozen schema is written once,
when its event's version is new, and never changed: it is what later code is measured against.
"""

import json
import os
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib import import_module
from inspect import getdoc
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

import typer
from faststream.kafka import KafkaBroker
from faststream.specification import AsyncAPI
from pydantic_settings import BaseSettings

from deploy.provision import SERVICES
from shared.contracts import EVENTS, Event
from shared.contracts.envelope import Attributes, headers
from shared.contracts.topics import CONTACT, TOPICS
from shared.runtime import Service, build_app

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
SCHEMAS = ROOT / "shared" / "contracts" / "schemas"
_KEY = b64encode(bytes(32)).decode()
_GENERATED = "<!-- Generated from the code by `make docs`; do not edit. -->"

app = typer.Typer(help="Generate the API and event documentation from the code.")
Json = dict[str, Any]


@app.command()
def write() -> None:
    """Write every document, and the schemas of events that have none yet."""
    written = {path: content for path, content in documents().items() if _read(path) != content} | missing_schemas()
    for path, content in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        typer.echo(f"written: {path.relative_to(ROOT)}")
    typer.echo("the documentation is up to date")


def documents() -> dict[Path, str]:
    """Return every document's path and content, as the code has it now."""
    services = [compose(name) for name in SERVICES]
    return {
        DOCS / "events.md": events_page(services),
        DOCS / "asyncapi.json": _dump(asyncapi(services)),
        **{DOCS / "api" / f"{service.name}.openapi.json": _dump(build_app(service).openapi()) for service in services},
    }


def missing_schemas() -> dict[Path, str]:
    """Return the schemas still to be frozen: those of event versions that have no file."""
    schemas = {schema_path(event): _dump(event.model_json_schema()) for event in EVENTS.values()}
    return {path: content for path, content in schemas.items() if not path.exists()}


def schema_path(event: type[Event]) -> Path:
    """Return where an event's present version is frozen."""
    return SCHEMAS / f"{event.__name__}.v{event.version}.json"


def compose(name: str) -> Service:
    """Return a service as its composition root makes it, with placeholders for the settings it cannot do without."""
    settings = import_module(f"services.{name}.settings").Settings
    with patch.dict(os.environ, _placeholders(settings)):
        service: Service = import_module(f"services.{name}.app").service()
    return service


def asyncapi(services: Sequence[Service]) -> Json:
    """Return the AsyncAPI 3.0 document: each event as its owner sends it and as each consumer receives it."""
    broker = KafkaBroker("kafka:9092")
    for event in EVENTS.values():
        broker.publisher(
            event.topic, title=f"{event.publisher()}:{event.__name__}", description=getdoc(event), schema=event
        )
        for consumer in _consumers(event, services):
            _subscribe(broker, event, consumer)
    broker.publisher(CONTACT.name, title=f"{CONTACT.owner}:contact", description=_contact_note(), schema=bytes)
    specification = AsyncAPI(
        broker, title="Linbang", version="1", description="Events between the services of Linbang."
    )
    document: Json = specification.to_specification().to_jsonable()
    for title, message in document["components"]["messages"].items():
        del message["correlationId"]  # FastStream's own header; our records carry traceparent
        if "contact" not in title:
            message["headers"] = {"$ref": "#/components/schemas/CloudEvents"}
    document["components"]["schemas"]["CloudEvents"] = _header_schema()
    return document


def events_page(services: Sequence[Service]) -> str:
    """Return ``docs/events.md``."""
    overview = [
        (f"[{event.__name__}](#{event.__name__.lower()})", event.publisher(), f"`{event.topic}`",
         f"`{_key_of(event)}`", ", ".join(_consumers(event, services)) or "–")
        for event in EVENTS.values()
    ]  # fmt: skip
    topics = [
        (f"`{topic.name}`", topic.key, topic.partitions, f"{topic.retention.days} days" if topic.retention else "–",
         topic.cleanup, topic.owner)
        for topic in TOPICS.values()
    ]  # fmt: skip
    readers = ", ".join(service.name for service in services if CONTACT.name in service.state_handlers)
    return "\n".join(
        [
            f"# Events\n\n{_GENERATED}\n",
            "CloudEvents 1.0 in Kafka's binary mode: the attributes are headers (`ce_id`, `ce_type`, …), the value is",
            "the data as JSON. How a contract may change: `shared/contracts/event.py`.\n",
            _table(("event", "producer", "topic", "key", "consumers"), overview),
            f"\nNot events but state: `{CONTACT.name}`. {_contact_note()} Consumer: {readers}.\n",
            "## Topics\n",
            _table(("topic", "key", "partitions", "retention", "clean-up", "owner"), topics),
            *(_section(event) for event in EVENTS.values()),
            "",
        ]
    )


def _section(event: type[Event]) -> str:
    schema = event.model_json_schema()
    required = schema.get("required", ())
    fields = [
        (f"`{name}`", _type(field, schema), "yes" if name in required else "no", field.get("description", ""))
        for name, field in schema["properties"].items()
    ]
    about = " ".join((getdoc(event) or "").split())
    table = _table(("field", "type", "required", "meaning"), fields)
    return f"\n## {event.__name__}\n\n{about}\n\n`{event.event_type()}`\n\n{table}"


def _type(field: Json, schema: Json) -> str:
    """Return a field's type as a reader wants it."""
    if "$ref" in field:
        name = field["$ref"].rsplit("/", 1)[1]
        target = schema["$defs"][name]
        if "enum" in target:
            return " / ".join(f"`{value}`" for value in target["enum"])
        return f"{name} ({', '.join(f'`{inner}`' for inner in target['properties'])})"
    if "anyOf" in field:
        return " or ".join(_type(choice, schema) for choice in field["anyOf"])
    if field.get("type") == "array":
        return f"list of {_type(field['items'], schema)}"
    return str(field.get("format") or field["type"])


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def _consumers(event: type[Event], services: Sequence[Service]) -> list[str]:
    return [service.name for service in services if event in service.handlers]


def _subscribe(broker: KafkaBroker, event: type[Event], consumer: str) -> None:
    async def receive(data: Event) -> None: ...

    receive.__annotations__["data"] = event
    broker.subscriber(event.topic, group_id=consumer, title=f"{consumer}:{event.__name__}", description=getdoc(event))(
        receive
    )


def _key_of(event: type[Event]) -> str:
    """Return the field that an event's record is keyed by; what tells of a whole import is keyed by the import."""
    key = TOPICS[event.topic].key
    return key if key in event.model_fields else "import_id"


def _contact_note() -> str:
    return (
        "Compacted: the present contact points of each volunteer, sealed to the public key of notifications; "
        "a tombstone erases the person."
    )


def _header_schema() -> Json:
    names = [name for name, _ in headers(Attributes(UUID(int=0), "cn.linbang.x.Y.v1", datetime.now(UTC), "", 1, ""))]
    text = {"type": "string"}
    return {
        "type": "object",
        "properties": {**dict.fromkeys(names, text), "traceparent": text},
        "required": names,
    }


def _placeholders(settings: type[BaseSettings]) -> Mapping[str, str]:
    prefix = settings.model_config.get("env_prefix", "")
    return {
        str(field.validation_alias or f"{prefix}{name}").upper(): "1" if field.annotation is int else _KEY
        for name, field in settings.model_fields.items()
        if field.is_required()
    }


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _dump(document: Json) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    app()
