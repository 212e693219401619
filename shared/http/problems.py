"""Every error as ``application/problem+json`` (RFC 9457), in Chinese or English, with the fields at fault.

Invariant: no error body holds what the caller sent or an exception's text: those may be personal data.
"""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from shared.contracts.faults import Code, Fault, RefusedError
from shared.contracts.fields import about
from shared.store.faults import is_passing, sqlstate

log = structlog.get_logger()

TITLES: dict[str, tuple[str, str]] = {
    "refused": ("请求不符合要求", "The request breaks a rule"),
    "invalid-request": ("请求内容有误", "The request is malformed"),
    "unauthenticated": ("请先登录", "Log in first"),
    "forbidden": ("没有权限", "You are not allowed to do this"),
    "not-found": ("没有找到", "Not found"),
    "method-not-allowed": ("不支持此操作", "Method not allowed"),
    "idempotency-key-reused": (
        "同一 Idempotency-Key 已用于不同的请求",
        "The Idempotency-Key was used for another request",
    ),
    "precondition-required": ("请用 If-Match 说明所依据的版本", "Say with If-Match which version you change"),
    "too-large": ("内容过大", "The body is too large"),
    "too-many-requests": ("尝试次数过多，请稍后再试", "Too many tries; try again later"),
    "unavailable": ("服务暂时不可用，请稍后重试", "Temporarily unavailable; try again shortly"),
    "internal": ("服务器内部错误", "Internal error"),
}
"""slug -> (Chinese, English) title. ``type`` is ``/problems/<slug>`` and stable."""

_STATUS_OF_CODE = {
    Code.NOT_FOUND: 404,
    Code.FORBIDDEN: 403,
    Code.WRONG_CREDENTIALS: 401,
    Code.SESSION_ENDED: 401,
    Code.SECOND_FACTOR: 401,
    Code.OUTSIDE_IDENTITY: 401,
    Code.LOCKED: 403,
    Code.NOT_LINKED: 403,
    Code.NOT_OPEN: 409,
    Code.ALREADY_SIGNED_UP: 409,
    Code.ALREADY_PAIRED: 409,
    Code.ALREADY_AGREED: 409,
    Code.MERGED: 409,
    Code.HAS_MERGED: 409,
    Code.OTHER_PERSON: 409,
    Code.OPEN_CORRECTION: 409,
    Code.ALREADY_REGISTERED: 409,
    Code.CLOSED: 409,
    Code.NUMBER_TAKEN: 409,
    Code.NAME_TAKEN: 409,
    Code.ALREADY_RECORDED: 409,
    Code.CHANGED_MEANWHILE: 409,
    Code.OVERLAP: 409,
    Code.BELOW_CONFIRMED: 409,
    Code.NO_PLACE: 409,
    Code.QUALIFICATION: 409,
    Code.RULES_TO_ACCEPT: 409,
    Code.CODE_USED: 409,
    Code.TOO_OFTEN: 429,
}
_CODE_OF_PYDANTIC = {
    "missing": Code.MISSING,
    "string_too_short": Code.MISSING,
    "string_too_long": Code.TOO_LONG,
    "too_long": Code.TOO_MANY,
    "too_short": Code.MISSING,
    "enum": Code.UNKNOWN_VALUE,
    "literal_error": Code.UNKNOWN_VALUE,
    "greater_than": Code.OUT_OF_RANGE,
    "greater_than_equal": Code.OUT_OF_RANGE,
    "less_than": Code.OUT_OF_RANGE,
    "less_than_equal": Code.OUT_OF_RANGE,
    "int_parsing": Code.WHOLE_NUMBER,
    "int_parsing_size": Code.OUT_OF_RANGE,
    "int_type": Code.WHOLE_NUMBER,
    "int_from_float": Code.WHOLE_NUMBER,
    "date_from_datetime_parsing": Code.DATE,
    "date_parsing": Code.DATE,
    "datetime_parsing": Code.TIME,
    "datetime_from_date_parsing": Code.TIME,
    "timezone_aware": Code.TIME,
}
RETRY_AFTER = "retry_after"
"""The extension member that says after how many seconds a try is let through."""
_MINUTE, _TOO_MANY = 60, 429
_SLUG_OF_STATUS = {404: "not-found", 405: "method-not-allowed", 413: "too-large"}
_NO_SUCH_CHARACTER = "22021"  # a NUL in a text, which JSON and URLs can hold and PostgreSQL cannot
_FAULT_OF_STATUS = {413: Fault("body", Code.TOO_LARGE)}


class ProblemError(Exception):
    """An error answer: HTTP status, the slug of its type, the fields at fault, and further headers."""

    def __init__(
        self, status: int, slug: str, faults: Sequence[Fault] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(slug)
        self.status = status
        self.slug = slug
        self.faults = faults
        self.headers = headers or {}


def problem_body(
    status: int, slug: str, faults: Sequence[Fault], language: str, facts: Mapping[str, object] | None = None
) -> dict[str, Any]:
    """Return the problem document in ``zh-CN`` or ``en``; ``facts`` are its extension members (RFC 9457, 3.2).

    With ``retry_after`` (seconds) among them, it says in words when to try again.
    """
    title = TITLES[slug][0 if language.startswith("zh") else 1]
    body: dict[str, Any] = {"type": f"/problems/{slug}", "title": title, "status": status}
    if faults:
        between = "；" if language.startswith("zh") else "; "
        body["detail"] = between.join(about(fault, language) for fault in faults)
        body["faults"] = [
            {"field": fault.field, "code": fault.code, "message": fault.message(language)}
            | ({"other": dict(fault.other)} if fault.other else {})
            for fault in faults
        ]
    if facts and isinstance(wait := facts.get(RETRY_AFTER), int):
        body["detail"] = _when_again(wait, language)
    return {**(facts or {}), **body}


def _when_again(seconds: int, language: str) -> str:
    """Return when a next try is let through, in minutes where it takes one or more."""
    number, chinese, english = (
        (seconds, "秒", "second") if seconds < _MINUTE else (ceil(seconds / _MINUTE), "分钟", "minute")
    )
    if language.startswith("zh"):
        return f"尝试次数过多，请 {number} {chinese}后再试"
    return f"There were too many tries; try again in {number} {english}{'' if number == 1 else 's'}"


def language_of(request: Request) -> str:
    """Return ``en`` where the caller prefers it, else ``zh-CN``."""
    first = request.headers.get("accept-language", "").split(",")[0].strip().lower()
    return "en" if first.startswith("en") else "zh-CN"


def refusal_status(faults: Sequence[Fault]) -> int:
    """Return the HTTP status for a refusal: that of its first fault."""
    return _STATUS_OF_CODE.get(faults[0].code, 422)


def install(app: FastAPI) -> None:
    """Make every error of ``app`` a problem document."""
    app.add_exception_handler(ProblemError, _problem)
    app.add_exception_handler(RefusedError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(PoolTimeoutError, _unavailable)
    app.add_exception_handler(OSError, _unavailable)
    app.add_exception_handler(UnicodeEncodeError, _no_character)
    app.add_exception_handler(Exception, _internal)


def answer(
    request: Request,
    status: int,
    slug: str,
    faults: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
    facts: Mapping[str, object] | None = None,
) -> JSONResponse:
    """Return the problem as an HTTP response in the language that the request prefers."""
    language = language_of(request)
    return JSONResponse(
        problem_body(status, slug, faults, language, facts),
        status,
        {"Content-Language": language, **(headers or {})},
        media_type="application/problem+json",
    )


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)  # noqa: S101 - what it is registered for
    challenge = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}  # noqa: PLR2004
    wait = error.headers.get("Retry-After", "")
    facts = {RETRY_AFTER: int(wait)} if error.status == _TOO_MANY and wait.isdecimal() else {}
    return answer(request, error.status, error.slug, error.faults, {**challenge, **error.headers}, facts)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)  # noqa: S101
    return answer(request, refusal_status(error.faults), "refused", error.faults, facts=error.facts)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    faults = [Fault(_field(item["loc"]), _CODE_OF_PYDANTIC.get(item["type"], Code.FORMAT)) for item in error.errors()]
    return answer(request, 422, "invalid-request", faults)


def _field(location: Sequence[str | int]) -> str:
    return ".".join(str(part) for part in location[1:]) or str(location[0])


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    slug = _SLUG_OF_STATUS.get(error.status_code, "invalid-request")
    fault = _FAULT_OF_STATUS.get(error.status_code)
    return answer(request, error.status_code, slug, [fault] if fault else (), error.headers)


async def _database(request: Request, error: Exception) -> Response:
    assert isinstance(error, DBAPIError)  # noqa: S101
    if error.connection_invalidated or (sqlstate(error) and is_passing(error)):
        return await _unavailable(request, error)
    if sqlstate(error) == _NO_SUCH_CHARACTER or _is_of_half_a_character(error):
        return await _no_character(request, error)
    return await _internal(request, error)


async def _no_character(request: Request, _error: Exception) -> Response:
    return answer(request, 422, "invalid-request", [Fault("", Code.CONTROL_CHARACTER)])


def _is_of_half_a_character(error: BaseException | None) -> bool:
    """Return whether a half of a surrogate pair, which JSON can hold, has met somebody who writes UTF-8."""
    while error is not None and not isinstance(error, UnicodeEncodeError):
        error = error.__cause__ or error.__context__
    return error is not None


async def _unavailable(request: Request, error: Exception) -> Response:
    code = sqlstate(error) if isinstance(error, DBAPIError) else ""
    log.warning("unavailable", error=type(error).__name__, sqlstate=code, path=request.url.path)
    return answer(request, 503, "unavailable", headers={"Retry-After": "1"})


def place_of(error: BaseException) -> str:
    """Return where an exception was raised, for logs: its text could quote what somebody typed."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""


async def _internal(request: Request, error: Exception) -> Response:
    log.error("internal error", error=type(error).__name__, place=place_of(error), route=request.url.path)
    return answer(request, 500, "internal")
