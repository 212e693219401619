"""Other services over HTTP, as the person sees them on whose behalf they are called.

Invariant: a call ends, within ``READ_SECONDS`` or ``CHANGE_SECONDS``, with the model that was asked for, or with one of
two exceptions: the service has refused (and says why), or it is away. What has not the agreed form counts as away:
nobody is shown half an answer. In a rush a page waits its turn; what it can do without it waits for no longer than
``SECTION_SECONDS``.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, cast
from urllib.parse import quote

import structlog
from pydantic import TypeAdapter, ValidationError

from shared.http.connections import Answer, Connections, NoAnswerError
from shared.ops.tracing import current_traceparent

SECTION_SECONDS = 2.0
"""For what a page can do without."""
READ_SECONDS = 60.0
"""For what a page is about: an error is worse than a wait, and whoever tries again joins the line at its end."""
CHANGE_SECONDS = 300.0
"""As long as browsers wait themselves: nobody knows of a change that was given up whether it was made. A hundred who
log in at once keep two cores busy with their passwords for ten seconds, and other work makes that a minute."""
FILE_SECONDS = 3600.0
"""For a file that is taken in or handed out as it comes, however slow whoever sends or reads it is."""
_A_SUCCESS, _NO_SUCCESS = 200, 300
_FIRST_FAILURE = 500
_ABOUT_THE_REQUEST = frozenset({400, 404, 409, 422, 429})
_A_PAGE = 1000
"""Of a list that is read whole: the most that a service gives at once."""
_IN_PATH = re.compile(r"{(\w+)}")
M = TypeVar("M")
A_co = TypeVar("A_co", covariant=True)
I = TypeVar("I")  # noqa: E741 - an item, beside M, a model, and A, an answer
log = structlog.get_logger()


class AwayError(Exception):
    """A service does not answer, or not as agreed."""


class RefusedByServiceError(Exception):
    """A service has refused a request: its status and its problem document (RFC 9457)."""

    def __init__(self, status: int, problem: Mapping[str, Any], retry_after: int | None) -> None:
        super().__init__(f"{status} {problem.get('type', '')}")
        self.status = status
        self.problem = problem
        self.retry_after = retry_after

    @property
    def faults(self) -> list[dict[str, Any]]:
        """Each field at fault, its code and its sentence in the language of the request."""
        found: list[dict[str, Any]] = self.problem.get("faults", [])
        return found

    @property
    def other(self) -> dict[str, str] | None:
        """What stands in the way, where the refusal names it: another sign-up, another place."""
        named = (fault["other"] for fault in self.faults if fault.get("other"))
        found: dict[str, str] | None = next(named, self.problem.get("other"))
        return found

    @property
    def is_about_the_request(self) -> bool:
        """Whether what was asked for is at fault, and not who asked."""
        return self.status in _ABOUT_THE_REQUEST

    def has(self, code: str) -> bool:
        """Return whether one of the faults has this code."""
        return any(fault.get("code") == code for fault in self.faults)


class Listed(Protocol[I]):
    """A page of what a service lists."""

    items: list[I]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Read(Generic[A_co]):
    """Something that a service shows: its path, with ``{names}``, and the model of what is wanted of the answer."""

    service: str
    path: str
    answer: type[A_co]


@dataclass(frozen=True, slots=True)
class Change(Generic[A_co]):
    """Something that a service does: method, path with ``{names}``, and the model of what is wanted of the answer."""

    method: str
    service: str
    path: str
    answer: type[A_co]


@dataclass(frozen=True, slots=True)
class File:
    """A file that a service hands out: its path, with ``{names}``, and the type that it has."""

    service: str
    path: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Upload(Generic[A_co]):
    """Where a service takes a file: its path, with ``{names}``, and the model of what is wanted of the answer."""

    service: str
    path: str
    answer: type[A_co]


class Nothing:
    """What a change answers that has nothing to say."""


class Upstream:
    """The services at ``urls``, each request with ``headers``: whose token, which language, which district."""

    def __init__(self, connections: Connections, urls: Mapping[str, str], headers: Mapping[str, str]) -> None:
        self._connections = connections
        self._urls = urls
        self._headers = headers

    async def read(self, what: Read[M], **values: object) -> M:
        """Return what a service shows. ``values`` fill the path; the others that are not None go into the query.

        Raises RefusedByServiceError and AwayError.
        """
        path, query = _filled(what.path, values)
        answer = await self._send("GET", what.service, path, query, READ_SECONDS)
        return _parsed(what.service, what.answer, answer.content)

    async def change(
        self,
        what: Change[M],
        form: object = None,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float = CHANGE_SECONDS,
        **values: object,
    ) -> M:
        """Ask a service to do something; ``key`` is its Idempotency-Key, so that twice is once.

        Raises RefusedByServiceError and AwayError; after AwayError it may have been done.
        """
        path, query = _filled(what.path, values)
        more = {**(headers or {}), **({"Idempotency-Key": key} if key else {})}
        answer = await self._send(what.method, what.service, path, query, seconds, form=form, headers=more)
        if what.answer is Nothing:
            return cast("M", Nothing())
        return _parsed(what.service, what.answer, answer.content)

    async def fetch(self, what: File, **values: object) -> bytes:
        """Return a file's content. Raises RefusedByServiceError and AwayError."""
        path, query = _filled(what.path, values)
        answer = await self._send("GET", what.service, path, query, READ_SECONDS)
        if not answer.headers.get("Content-Type", "").startswith(what.media_type):
            raise AwayError(what.service)
        return answer.content

    @asynccontextmanager
    async def open(self, what: File, **values: object) -> AsyncIterator[AsyncIterator[bytes]]:
        """Yield a file's content as it comes; for what is too large for a memory. Raises as ``fetch`` does."""
        path, query = _filled(what.path, values)
        url, headers = self._urls[what.service] + path, {**self._headers, **_trace()}
        try:
            async with self._connections.open(url, seconds=FILE_SECONDS, headers=headers, params=query) as answer:
                if not _A_SUCCESS <= answer.status < _NO_SUCCESS:
                    content = b"".join([piece async for piece in answer.content])
                    _require_success(what.service, Answer(answer.status, answer.headers, content))
                if not answer.headers.get("Content-Type", "").startswith(what.media_type):
                    raise AwayError(what.service)
                yield answer.content
        except NoAnswerError as fault:
            log.warning("a service is away", service=what.service, error=str(fault))
            raise AwayError(what.service) from None

    async def pages(self, what: Read[Listed[I]], **values: object) -> AsyncGenerator[Listed[I]]:
        """Yield every page of what a service lists, the first first. Raises as ``read`` does."""
        cursor = None
        while True:
            page = await self.read(what, cursor=cursor, **values)
            yield page
            cursor = page.next_cursor
            if cursor is None:
                return

    async def read_all(self, what: Read[Listed[I]], *, most: int | None = None, **values: object) -> list[I]:
        """Return all of what a service lists, or the first ``most``. Raises as ``read`` does."""
        found: list[I] = []
        async for page in self.pages(what, limit=_A_PAGE, **values):
            found += page.items
            if most is not None and len(found) >= most:
                break
        return found[:most]

    async def upload(
        self, what: Upload[M], content: AsyncIterator[bytes], content_type: str, *, key: str | None, **values: object
    ) -> M:
        """Send a service a file as it comes; ``key`` is its Idempotency-Key. Raises as ``change`` does."""
        path, query = _filled(what.path, values)
        headers = {"Content-Type": content_type, **({"Idempotency-Key": key} if key else {})}
        answer = await self._send("POST", what.service, path, query, FILE_SECONDS, headers=headers, content=content)
        return _parsed(what.service, what.answer, answer.content)

    async def _send(
        self,
        method: str,
        service: str,
        path: str,
        query: Mapping[str, str | list[str]],
        seconds: float,
        *,
        form: object = None,
        headers: Mapping[str, str] | None = None,
        content: AsyncIterator[bytes] | None = None,
    ) -> Answer:
        sent = {**self._headers, **(headers or {}), **_trace()}
        more: dict[str, Any] = {} if content is None else {"content": content}
        try:
            answer = await self._connections.send(
                method,
                self._urls[service] + path,
                seconds=seconds,
                headers=sent,
                params=query,
                form=form,
                **more,
            )
        except NoAnswerError as fault:
            log.warning("a service is away", service=service, error=str(fault))
            raise AwayError(service) from None
        _require_success(service, answer)
        return answer


def _trace() -> dict[str, str]:
    traceparent = current_traceparent()
    return {"traceparent": traceparent} if traceparent else {}


def _require_success(service: str, answer: Answer) -> None:
    if _A_SUCCESS <= answer.status < _NO_SUCCESS:
        return
    if answer.status >= _FIRST_FAILURE:
        log.warning("a service fails", service=service, status=answer.status)
        raise AwayError(service)
    wait = answer.headers.get("Retry-After", "")
    raise RefusedByServiceError(answer.status, _problem(answer), int(wait) if wait.isdecimal() else None)


async def unless_away(answer: Awaitable[M]) -> M | None:
    """Return what a section of a page is made of, or None where the service is away or slow."""
    try:
        async with asyncio.timeout(SECTION_SECONDS):
            return await answer
    except (AwayError, TimeoutError):
        return None


def _filled(path: str, values: Mapping[str, object]) -> tuple[str, dict[str, str | list[str]]]:
    named = set(_IN_PATH.findall(path))
    filled = _IN_PATH.sub(lambda found: quote(str(values[found[1]]), safe=""), path)
    return filled, {name: _text(value) for name, value in values.items() if name not in named and value is not None}


def _text(value: object) -> str | list[str]:
    """Return a value as a query has it: several under one name as often as there are."""
    if isinstance(value, list | tuple):
        return [str(one) for one in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


def _parsed(service: str, model: type[M], body: bytes) -> M:
    try:
        return TypeAdapter(model).validate_json(body)
    except ValidationError as fault:
        fields = sorted({".".join(map(str, error["loc"])) for error in fault.errors(include_input=False)})
        log.error("a service answers in another form", service=service, fields=fields[:5])
        raise AwayError(service) from None


def _problem(answer: Answer) -> dict[str, Any]:
    """Return a refusal's document; ``title`` and ``detail`` are in it, if it says nothing, empty."""
    body = answer.json() if "json" in answer.headers.get("Content-Type", "") else {}
    return {"title": "", "detail": "", **(body if isinstance(body, dict) else {})}
