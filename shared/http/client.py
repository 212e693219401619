"""The platform over HTTP, for command lines and scripts: log in, upload a file, follow its import, fetch the report.

Invariant: a request that creates carries one Idempotency-Key for all of its attempts, so a lost answer never leads to
a second import. Whoever has logged in stays so: a token that is out of date is replaced by the refresh token.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from uuid import uuid4

import httpx

ATTEMPTS = 5
POLL_SECONDS = 0.25
_TIMEOUT = httpx.Timeout(60.0, connect=5.0)
_RETRIED = {502, 503, 504}


class RequestRefusedError(Exception):
    """The platform has refused a request: the status and sentences of its problem document."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        faults = "; ".join(str(fault.get("message", "")) for fault in problem.get("faults", ()))
        super().__init__(faults or problem.get("detail") or problem.get("title") or f"HTTP {status}")
        self.status = status
        self.problem = problem


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far an import is. ``total`` is None until the file has been read; the counts are of lines."""

    id: str
    state: str
    total: int | None
    done: int
    accepted: int
    normalised: int
    unchanged: int
    rejected: int
    changed: int = 0
    """Of those accepted or normalised, how many were on file before, and differently."""
    faults: tuple[str, ...] = ()
    """Why the file as a whole could not be imported and what to do, where ``state`` is ``failed``: a sentence each."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in {"completed", "failed"}


class LinbangClient:
    """One service's HTTP interface as one account sees it. Use it in a ``with`` block.

    ``district`` is for the operator, who belongs to none; ``language`` is that of problem sentences.
    """

    def __init__(self, base_url: str, *, district: str | None = None, language: str = "zh-CN") -> None:
        headers = {"Accept-Language": language}
        if district is not None:
            headers["X-District"] = district
        self._http = httpx.Client(base_url=base_url, headers=headers, timeout=_TIMEOUT)
        self._refresh: tuple[str, str] | None = None
        """Where registry is, and the present refresh token."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def log_in(self, user_name: str, password: str, *, code: str = "", registry_url: str = "") -> str:
        """Get and use a token of registry, at ``registry_url`` where this client talks to another service.

        ``code`` is of the account's second factor, where it has one.
        """
        return self._use_tokens(registry_url, "", {"user_name": user_name, "password": password, "code": code})

    def _use_tokens(self, registry_url: str, way: str, form: Mapping[str, str]) -> str:
        answer = self.send("POST", f"{registry_url}/v1/tokens{way}", json=form).json()
        token: str = answer["access_token"]
        self.use_token(token)
        self._refresh = registry_url, answer["refresh_token"]
        return token

    def use_token(self, token: str) -> None:
        """Be the account that a client of another service has logged in as."""
        self._http.headers["Authorization"] = f"Bearer {token}"

    def upload_import(
        self,
        kind: str,
        path: Path,
        on_progress: Callable[[ImportProgress], None] | None = None,
        *,
        dry_run: bool = False,
    ) -> ImportProgress:
        """Upload a file, wait until its import has ended and every event of it is published; return the end state.

        A ``dry_run`` says what the import would do, and does nothing.
        """
        with path.open("rb") as file:
            location = self.send(
                "POST",
                f"/v1/imports/{kind}{'?dry_run=true' if dry_run else ''}",
                files={"file": (path.name, file)},
                headers={"Idempotency-Key": str(uuid4())},
            ).headers["Location"]
        while True:
            progress = _progress(self.send("GET", location).json())
            if on_progress is not None:
                on_progress(progress)
            if progress.ended:
                return progress
            time.sleep(POLL_SECONDS)

    def download_report(self, import_id: str, path: Path) -> None:
        """Write an import's report, one CSV row a line of the file, to ``path``."""
        path.write_bytes(self.send("GET", f"/v1/imports/{import_id}/report.csv").content)

    def send(
        self,
        method: str,
        url: str,
        *,
        json: object = None,
        files: Mapping[str, tuple[str, IO[bytes]]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send one request; retry while the service is away. Raises RequestRefusedError, or httpx.TransportError.

        A POST that creates is safe to retry by its Idempotency-Key, which is the caller's to give.
        """
        for attempt in range(1, ATTEMPTS + 1):
            for _, file in (files or {}).values():
                file.seek(0)
            try:
                response = self._http.request(method, url, json=json, files=files, headers=headers)
            except httpx.TransportError:
                if attempt == ATTEMPTS:
                    raise
            else:
                if response.is_success:
                    return response
                if response.status_code == HTTPStatus.UNAUTHORIZED and attempt < ATTEMPTS and self._renewed():
                    continue
                if response.status_code not in _RETRIED or attempt == ATTEMPTS:
                    raise RequestRefusedError(response.status_code, _problem(response))
            time.sleep(0.2 * 2**attempt)
        raise AssertionError("the last attempt returns or raises")

    def _renewed(self) -> bool:
        """Use the next tokens, where there is a refresh token to get them by; it is tried once."""
        if self._refresh is None:
            return False
        (registry_url, refresh_token), self._refresh = self._refresh, None
        self._use_tokens(registry_url, "/refresh", {"refresh_token": refresh_token})
        return True


def _problem(response: httpx.Response) -> dict[str, Any]:
    if "json" not in response.headers.get("Content-Type", ""):
        return {}
    body = response.json()
    return body if isinstance(body, dict) else {}


def _progress(body: dict[str, Any]) -> ImportProgress:
    faults = tuple(fault["message"] for fault in body["faults"])
    return ImportProgress(**{name: body[name] for name in ImportProgress.__slots__ if name != "faults"}, faults=faults)
