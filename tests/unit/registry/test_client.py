import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from shared.http import client as client_module
from shared.http.client import ImportProgress, LinbangClient, RequestRefusedError

JOB: dict[str, object] = {
    "id": "j",
    "total": None,
    "done": 0,
    "accepted": 0,
    "normalised": 0,
    "unchanged": 0,
    "rejected": 0,
    "changed": 0,
    "faults": [],
}


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)


def client_answered_by(handle: Callable[[httpx.Request], httpx.Response]) -> LinbangClient:
    client = LinbangClient("http://registry")
    client._http = httpx.Client(
        base_url="http://registry", headers=client._http.headers, transport=httpx.MockTransport(handle)
    )
    return client


def test_an_upload_is_followed_to_its_end(tmp_path: Path) -> None:
    states = iter([JOB | {"state": "running"}, JOB | {"state": "completed", "total": 2, "done": 2, "accepted": 2}])
    keys = []

    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json=next(states))
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) == 1:
            raise httpx.ReadError("the answer was lost")
        return httpx.Response(202, headers={"Location": "/v1/imports/j"})

    roster = tmp_path / "roster.csv"
    roster.write_text("number\n1\n")
    seen: list[ImportProgress] = []
    end = client_answered_by(handle).upload_import("roster", roster, seen.append)
    assert (end.state, end.accepted) == ("completed", 2)
    assert [progress.state for progress in seen] == ["running", "completed"]
    assert len(keys) == 2
    assert len(set(keys)) == 1


def test_a_refusal_carries_the_sentence_of_the_problem() -> None:
    def handle(_: httpx.Request) -> httpx.Response:
        return httpx.Response(
            422,
            json={"title": "t", "faults": [{"field": "file", "code": "unreadable_file", "message": "cannot be read"}]},
        )

    with pytest.raises(RequestRefusedError, match="cannot be read") as refused:
        client_answered_by(handle).send("GET", "/v1/volunteers")
    assert refused.value.status == 422


def test_the_token_of_a_log_in_goes_with_every_request() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/tokens":
            assert request.url.host == "registry"
            return httpx.Response(200, json={"access_token": "t", "refresh_token": "r"})
        assert request.headers["Authorization"] == "Bearer t"
        return httpx.Response(200, json={})

    client = client_answered_by(handle)
    client.log_in("operator", "secret")
    client.send("GET", "/v1/me")


def test_a_token_that_is_out_of_date_is_replaced() -> None:
    """An import can take longer than a token lasts."""
    shown: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        shown.append(request.headers.get("Authorization", ""))
        if request.url.path == "/v1/tokens":
            return httpx.Response(200, json={"access_token": "old", "refresh_token": "r1"})
        if request.url.path == "/v1/tokens/refresh":
            assert json.loads(request.content) == {"refresh_token": "r1"}
            return httpx.Response(200, json={"access_token": "new", "refresh_token": "r2"})
        return httpx.Response(200 if shown[-1] == "Bearer new" else 401)

    client = client_answered_by(handle)
    client.log_in("operator", "secret")
    assert client.send("GET", "/v1/imports/1").status_code == 200
    assert shown[1:] == ["Bearer old", "Bearer old", "Bearer new"]


def test_a_session_that_has_ended_is_a_refusal() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        known = {"access_token": "old", "refresh_token": "r1"}
        return httpx.Response(200, json=known) if request.url.path == "/v1/tokens" else httpx.Response(401)

    client = client_answered_by(handle)
    client.log_in("operator", "secret")
    with pytest.raises(RequestRefusedError, match="HTTP 401"):
        client.send("GET", "/v1/imports/1")


def test_a_service_that_stays_away_is_reported() -> None:
    attempts = []

    def handle(request: httpx.Request) -> httpx.Response:
        attempts.append(request)
        return httpx.Response(503)

    with pytest.raises(RequestRefusedError, match="HTTP 503"):
        client_answered_by(handle).send("GET", "/v1/me")
    assert len(attempts) == client_module.ATTEMPTS
