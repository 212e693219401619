"""Every service shows an operator what is parked, and does over HTTP what its command does."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.contracts.actor import Role
from shared.service.app import build_app
from shared.service.roles import background_roles
from shared.service.service import Service
from shared.store.engine import Store
from shared.store.event_log import new_id
from tests.integration.services.test_authorisation import KNOWN, bearer, jwks
from tests.support.emptying import empty
from tests.support.eventually import eventually, running
from tests.support.infrastructure import Urls

ROUTE = "/v1/operations/dead-letters"
HEADERS = [["ce_type", "not a type"], ["ce_id", "0"], ["x-caller", "张测试 17023828271"]]


@dataclass
class Desk:
    """A service with what is parked in it, and its operator."""

    service: Service
    http: httpx.AsyncClient
    worker: Store

    async def park(self, key: str = "one", offset: int = 0, topic: str = "some.topic") -> UUID:
        """Have a record parked that nobody can decode."""
        row = {
            "id": new_id(),
            "consumer": self.service.name,
            "topic": self.service.settings.topic_prefix + topic,
            "offset": offset,
            "key": key.encode(),
            "headers": json.dumps(HEADERS),
        }
        async with self.worker.transaction() as tx:
            await tx.execute(
                text("""
                    INSERT INTO dead_letter (id, consumer, topic, partition, "offset", key, value, headers, reason,
                                             message)
                    VALUES (:id, :consumer, :topic, 0, :offset, :key, 'a name', :headers, 'undecodable', 'no JSON')
                """),
                row,
            )
            await tx.execute(
                text("INSERT INTO consumer_offset VALUES (:consumer, :topic, 0, 9) ON CONFLICT DO NOTHING"), row
            )
        return UUID(str(row["id"]))

    async def get(self, path: str = "", **query: str | int) -> Any:
        answer = await self.http.get(ROUTE + path, params=query, headers=bearer(Role.OPERATOR, district="*"))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def order(self, letter: UUID, action: str, key: str = "", **form: str) -> httpx.Response:
        headers = bearer(Role.OPERATOR, district="*") | ({"Idempotency-Key": key} if key else {})
        return await self.http.post(f"{ROUTE}/{letter}/{action}", json=form or None, headers=headers)

    async def do_what_is_ordered(self) -> None:
        """Let the worker carry out all orders."""

        async def is_done() -> bool:
            async with self.worker.transaction() as tx:
                return not await tx.scalar(text("SELECT count(*) FROM work WHERE kind = 'dead_letter'"))

        async with running(background_roles(self.service)["worker"](self.worker)):
            assert await eventually(is_done)

    async def actions(self) -> list[tuple[str, str]]:
        """Return what operators did, and by whom, as the event log has it."""
        async with self.worker.transaction() as tx:
            rows = await tx.execute(
                text("SELECT split_part(type, '.', 4), caused_by FROM event_log WHERE topic = 'operations.action'")
            )
            return [(name, by) for name, by in rows]


@pytest.fixture
async def desk(service: Service, urls: Urls) -> AsyncIterator[Desk]:
    if service.serves_pages:
        pytest.skip("its pages show its own")
    await empty(urls.owner)
    app = build_app(replace(service, fetch_keys=lambda _: jwks))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as http,
        Store(urls.worker) as worker,
    ):
        yield Desk(service, http, worker)


@pytest.mark.row(63)
async def test_what_is_parked_is_listed_by_pages_and_shown_without_what_is_in_it(desk: Desk) -> None:
    ids = [await desk.park("one", offset) for offset in range(3)] + [await desk.park("two", 3, "other.topic")]
    first = await desk.get(limit=3)
    second = await desk.get(cursor=first["next_cursor"])
    assert [item["id"] for page in (first, second) for item in page["items"]] == [str(each) for each in ids[::-1]]
    for query, found in (
        ({"topic": "other.topic"}, 1),
        ({"key": "one"}, 3),
        ({"key": "0x6f6e65"}, 3),
        ({"reason": "undecodable"}, 4),
        ({"reason": "x"}, 0),
        ({"state": "discarded"}, 0),
    ):
        assert len((await desk.get(**query))["items"]) == found, query
    shown = await desk.get(f"/{ids[1]}")
    assert (shown["topic"], shown["key"], shown["ahead"], shown["behind"]) == ("some.topic", "one", 1, 1)
    assert shown["headers"] == {"ce_type": "not a type", "ce_id": "0"}
    assert "张测试" not in json.dumps(shown, ensure_ascii=False)
    assert "a name" not in json.dumps(shown)


async def test_the_api_cannot_read_what_is_in_a_parked_record_nor_settle_it(desk: Desk, urls: Urls) -> None:
    await desk.park()
    async with Store(urls.api) as api:
        for statement in ("SELECT value FROM dead_letter", "UPDATE dead_letter SET state = 'discarded'"):
            with pytest.raises(DBAPIError, match="permission denied"):
                async with api.transaction("000000") as tx:
                    await tx.execute(text(statement))


@pytest.mark.row(63)
async def test_what_is_ordered_is_done_by_the_worker_and_told_by_the_account_that_ordered_it(desk: Desk) -> None:
    letter = await desk.park()
    answers = [await desk.order(letter, "redrive", "one press") for _ in range(2)]
    assert [(answer.status_code, answer.content) for answer in answers] == [(202, answers[0].content)] * 2
    assert (await desk.get())["items"][0]["order"] == {"action": "redrive", "given_up": False, "error": None}
    await desk.do_what_is_ordered()
    (again,) = (await desk.get())["items"]
    assert (again["attempts"], again["order"]) == (2, None), "once, and it cannot be decoded still"
    assert (await desk.order(letter, "discard", reason="nobody needs it")).status_code == 202
    await desk.do_what_is_ordered()
    (settled,) = (await desk.get(state="discarded"))["items"]
    assert (settled["settled_by"], settled["settled_reason"]) == (f"account:{KNOWN}", "nobody needs it")
    by = f"account:{KNOWN}"
    assert await desk.actions() == [("DeadLetterRedriven", by), ("DeadLetterDiscarded", by)]


async def test_what_cannot_be_done_is_refused_with_a_reason(desk: Desk) -> None:
    letter = await desk.park()
    for action, form, status, fault in (
        ("discard", {"reason": "  "}, 422, ("reason", "missing")),
        ("discard", {}, 422, ("body", "missing")),
    ):
        answer = await desk.order(letter, action, **form)
        found = answer.json()["faults"][0]
        assert (answer.status_code, (found["field"], found["code"])) == (status, fault)
    assert (await desk.order(new_id(), "redrive")).status_code == 404
    await desk.order(letter, "discard", reason="nobody needs it")
    await desk.do_what_is_ordered()
    late = await desk.order(letter, "redrive")
    assert (late.status_code, late.json()["faults"][0]["code"]) == (422, "already_so")
    long_ago = bearer(Role.OPERATOR, district="*", stepped_up_at=0)
    refused = await desk.http.post(f"{ROUTE}/{letter}/redrive", headers=long_ago)
    assert (refused.status_code, refused.json()["faults"][0]["code"]) == (403, "step_up")
