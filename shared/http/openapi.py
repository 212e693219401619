"""The OpenAPI document: FastAPI's own, with the errors that our conventions add to every route, and who may call it.

Invariant: a status that a route can answer is declared, with its media type; a test sends whatever the document allows.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from shared.http.auth import access_of, asks_again

_BEARER = "bearer"
_PROBLEM = {
    "title": "Problem",
    "description": "RFC 9457. `type` is stable; `faults` names each field at fault.",
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "examples": ["/problems/invalid-request"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "faults": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {name: {"type": "string"} for name in ("field", "code", "message")},
            },
        },
    },
}
_CONTENT = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_FIRST_ERROR = 400


class Application(FastAPI):
    """A service's HTTP application, with its document as we want it."""

    def openapi(self) -> dict[str, Any]:
        """Return the document; it is worked out once."""
        if self.openapi_schema is None:
            document = super().openapi()
            for context in routes_of(self):
                if context.include_in_schema:
                    for method in context.methods or ():
                        _complete(document["paths"][context.path_format][method.lower()], method, context)
            components = document.setdefault("components", {})
            schemas = components.setdefault("schemas", {})
            for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's own form of what are problems here
                schemas.pop(name, None)
            schemas["Problem"] = _PROBLEM
            components["securitySchemes"] = {_BEARER: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
        return self.openapi_schema or {}


def routes_of(app: FastAPI) -> Iterator[RouteContext]:
    """Yield every route with its full path and all of its dependencies, those of routers within routers too."""
    return (context for context in iter_route_contexts(app.routes) if isinstance(context.original_route, APIRoute))


def _complete(operation: dict[str, Any], method: str, context: RouteContext) -> None:
    access = access_of(context.dependant)
    statuses = _errors(operation, method, context.path_format or "")
    if access is not None:
        statuses |= {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
        operation["security"] = [{_BEARER: []}]
        if asks_again(context.dependant):
            operation["x-step-up"] = True
        operation["x-roles"] = {role.value: reach.name.lower() for role, reach in access.items()}
    responses = operation["responses"]
    for status in statuses:
        responses.setdefault(str(status.value), {"description": status.phrase})
    for status, response in responses.items():
        if int(status) >= _FIRST_ERROR:
            response.setdefault("description", HTTPStatus(int(status)).phrase)
            response["content"] = _CONTENT
    operation["responses"] = dict(sorted(responses.items()))


def _errors(operation: dict[str, Any], method: str, path: str) -> set[HTTPStatus]:
    """Return the statuses that follow from what an operation takes in."""
    headers = {
        parameter["name"].lower() for parameter in operation.get("parameters", ()) if parameter["in"] == "header"
    }
    takes_in = {
        HTTPStatus.SERVICE_UNAVAILABLE: True,
        HTTPStatus.BAD_REQUEST: method != "GET",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: method != "GET",
        HTTPStatus.UNPROCESSABLE_ENTITY: bool(operation.get("parameters")) or "requestBody" in operation,
        HTTPStatus.NOT_FOUND: "{" in path or "/me" in path,
        HTTPStatus.CONFLICT: "idempotency-key" in headers or method == "DELETE",
        HTTPStatus.PRECONDITION_REQUIRED: "if-match" in headers,
    }
    return {status for status, applies in takes_in.items() if applies}
