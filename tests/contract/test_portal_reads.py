"""What the portal asks of the services is in their documents: every route, and every field that pages read."""

import json
from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import pytest
from pydantic import BaseModel

import services.portal
from deploy.docs import DOCS
from shared.http.upstream import Change, File, Nothing, Read, Upload

Asked = Read[Any] | Change[Any] | Upload[Any] | File


def _asked() -> dict[str, Asked]:
    found: dict[str, Asked] = {}
    for module in walk_packages(services.portal.__path__, "services.portal."):
        if module.name.endswith("queries"):
            for name, value in vars(import_module(module.name)).items():
                if isinstance(value, Read | Change | Upload | File):
                    found[f"{module.name}.{name}"] = value
    return found


ASKED = _asked()


def _document(service: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((DOCS / "api" / f"{service}.openapi.json").read_text(encoding="utf-8"))
    return document


def _missing(model: type[BaseModel], schema: dict[str, Any], document: dict[str, Any], at: str) -> Iterator[str]:
    schema = _resolved(schema, document)
    properties = schema.get("properties", {})
    for name, field in model.model_fields.items():
        if name not in properties:
            if field.is_required():
                yield f"{at}.{name}"
            continue
        for inner in _models_in(field.annotation):
            yield from _missing(inner, _items(properties[name], document), document, f"{at}.{name}")


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models_in(part)]


def _resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    if "anyOf" in schema:
        schema = next(one for one in schema["anyOf"] if one.get("type") != "null")
    if "$ref" in schema:
        return _resolved(document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], document)
    return schema


def _items(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """Return the form of what a list, or a table by name, holds; of anything else its own."""
    schema = _resolved(schema, document)
    if schema.get("type") == "array":
        return _items(schema["items"], document)
    values = schema.get("additionalProperties")
    return _items(values, document) if isinstance(values, dict) and "properties" not in schema else schema


def _forms(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every form that an answer can have: a list by ids has another than a list by page."""
    forms: list[dict[str, Any]] = schema.get("anyOf", [schema])
    return forms


def test_pages_ask_for_something() -> None:
    assert ASKED


@pytest.mark.parametrize("name", ASKED)
def test_what_a_page_reads_is_in_the_service_s_document(name: str) -> None:
    what = ASKED[name]
    document = _document(what.service)
    method = what.method.lower() if isinstance(what, Change) else "post" if isinstance(what, Upload) else "get"
    assert method in document["paths"].get(what.path, {}), f"{what.service} has no {method} {what.path}"
    responses = document["paths"][what.path][method]["responses"]
    success = next(response for status, response in sorted(responses.items()) if status.startswith("2"))
    if isinstance(what, File):
        assert what.media_type in success["content"]
        return
    if what.answer is Nothing:
        return
    schema = success["content"]["application/json"]["schema"]
    (model,) = _models_in(what.answer)
    missing = [list(_missing(model, _items(form, document), document, what.path)) for form in _forms(schema)]
    assert [] in missing, missing
