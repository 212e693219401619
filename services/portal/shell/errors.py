"""Errors as pages, for whoever asks for a page; everybody else gets the problem document (RFC 9457) as it is.

Invariant: the page says what the document says, and the document holds nothing that somebody typed.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request, Response

from services.portal.shell.look import look_of
from services.portal.shell.pages import Pages
from shared.contracts.faults import Code, Fault
from shared.http.problems import RETRY_AFTER, TITLES, answer, problem_body
from shared.http.upstream import AwayError, RefusedByServiceError

_NOT_FOUND, _UNAVAILABLE = 404, 503
Handler = Callable[[Request, Exception], Awaitable[Response]]


def install(app: FastAPI) -> None:
    """Show every error as a page where a page was asked for."""
    app.add_exception_handler(AwayError, _away)
    app.add_exception_handler(RefusedByServiceError, _refused)
    for kind, handler in list(app.exception_handlers.items()):
        app.add_exception_handler(kind, _as_page(handler))  # type: ignore[arg-type]


def wants_page(request: Request) -> bool:
    """Return whether the answer is for people to read: a browser says that it takes HTML, htmx that it is htmx."""
    return "text/html" in request.headers.get("accept", "") or "hx-request" in request.headers


def _as_page(handler: Handler) -> Handler:
    async def show(request: Request, error: Exception) -> Response:
        response = await handler(request, error)
        if "json" not in response.headers.get("content-type", "") or not wants_page(request):
            return response
        return error_page(request, response.status_code, json.loads(bytes(response.body)))

    return show


def error_page(request: Request, status: int, problem: dict[str, Any]) -> Response:
    """Return the page of an error; beside htmx the sentence alone, for the place of live messages."""
    pages: Pages = request.app.state.pages
    template = "shell/_error.html" if "hx-request" in request.headers else "shell/error.html"
    visit = getattr(request.state, "visit", None)
    look = look_of(request)
    shown = _in_language(problem, status, look.language)
    response = pages.response(template, look, status, visit=visit, status=status, problem=shown)
    if "hx-request" in request.headers:
        response.headers.update({"HX-Retarget": "#live", "HX-Reswap": "innerHTML"})
    return response


def _in_language(problem: dict[str, Any], status: int, language: str) -> dict[str, Any]:
    """Return a problem in the page's language, which need not be the one that the browser asks for."""
    slug = "not-found" if status == _NOT_FOUND else str(problem.get("type", "")).removeprefix("/problems/")
    facts = {RETRY_AFTER: problem[RETRY_AFTER]} if RETRY_AFTER in problem else {}
    return {"detail": "", **problem} | problem_body(
        status, slug if slug in TITLES else "refused", _faults(problem), language, facts
    )


def _faults(problem: dict[str, Any]) -> list[Fault]:
    found = problem.get("faults", [])
    return [Fault(str(fault["field"]), Code(fault["code"])) for fault in found if fault["code"] in list(Code)]


async def _away(request: Request, _error: Exception) -> Response:
    return answer(request, _UNAVAILABLE, "unavailable", headers={"Retry-After": "2"})


async def _refused(request: Request, error: Exception) -> Response:
    """Say what the service has said; its sentences are in the language of the visit already."""
    assert isinstance(error, RefusedByServiceError)  # noqa: S101 - what it is registered for
    slug = str(error.problem.get("type", "")).removeprefix("/problems/") or "refused"
    wait = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
    facts = {RETRY_AFTER: error.retry_after} if error.retry_after else {}
    return answer(request, error.status, slug, _faults({"faults": error.faults}), wait, facts)
