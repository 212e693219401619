"""The documents in the repository are those that the code gives."""

from pathlib import Path

import pytest

from deploy import docs
from deploy.services import SERVICES
from shared.contracts import EVENTS


def test_the_generated_documentation_is_not_stale() -> None:
    stale = [
        str(path.relative_to(docs.ROOT))
        for path, content in docs.documents().items()
        if not path.exists() or path.read_text(encoding="utf-8") != content
    ]
    assert not stale, f"run `make docs` and commit: {', '.join(stale)}"


def test_a_schema_is_frozen_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docs, "SCHEMAS", tmp_path)
    first, *others = docs.missing_schemas()
    first.write_text("frozen before")
    assert list(docs.missing_schemas()) == others


def test_asyncapi_says_who_sends_what_and_who_receives_it() -> None:
    services = [docs.compose(name) for name in SERVICES]
    document = docs.asyncapi(services)
    assert document["asyncapi"].startswith("3.0")
    for event in EVENTS.values():
        assert document["operations"][f"{event.publisher()}:{event.__name__}"]["action"] == "send"
        payload = document["components"]["schemas"][event.__name__]
        assert payload["properties"].keys() == event.model_fields.keys()
    received = {name for name, operation in document["operations"].items() if operation["action"] == "receive"}
    assert received == {
        f"{service.name}:{event.__name__}" for service in services for event in service.reactions.events
    }
