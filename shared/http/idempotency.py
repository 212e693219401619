"""``Idempotency-Key``: a POST that creates can be sent again and gives the same answer.

Invariant: the key, the effects and the answer commit together. The insert of the key is the lock: a second request
with it waits for the first one's commit, then reads its answer.
"""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.faults import Code, Fault
from shared.http.auth import Caller
from shared.http.problems import ProblemError

_MAX_KEY = 200


@dataclass(frozen=True, slots=True)
class Claim:
    """A caller's key and the fingerprint (SHA-256) of the request it stands for."""

    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command answers: HTTP status and JSON body; ``replayed`` where an earlier request was answered so."""

    status: int
    body: bytes
    replayed: bool = False

    @classmethod
    def of(cls, status: int, model: BaseModel) -> "Answer":
        """Return the answer that holds ``model``."""
        return cls(status, model.model_dump_json().encode())

    def response(self) -> Response:
        """Return it as an HTTP response."""
        headers = {"Idempotent-Replayed": "true"} if self.replayed else None
        return Response(self.body, self.status, headers, media_type="application/json")


def claim(key: str | None, *request: bytes) -> Claim | None:
    """Return the claim of a request made of these parts, or None where the caller sent no key."""
    if key is None:
        return None
    if not 1 <= len(key) <= _MAX_KEY or not key.isprintable():
        raise ProblemError(422, "invalid-request", [Fault("Idempotency-Key", Code.FORMAT)])
    digest = hashlib.sha256()
    for part in request:
        digest.update(len(part).to_bytes(8) + part)
    return Claim(key, digest.digest())


async def _claim(request: Request, idempotency_key: Annotated[str | None, Header()] = None) -> Claim | None:
    return claim(idempotency_key, *_line(request), await request.body())


def claim_without_body(request: Request) -> Claim | None:
    """Return the claim of a request that has no body, as a route would be told. Raises ProblemError 422."""
    return claim(request.headers.get("idempotency-key"), *_line(request), b"")


def _line(request: Request) -> tuple[bytes, bytes]:
    return request.method.encode(), request.scope["path"].encode()  # its URL would be put together and parsed again


IdempotencyKey = Annotated[Claim | None, Depends(_claim)]

_INSERT = text("""
    INSERT INTO idempotency_key (district, account, key, fingerprint) VALUES (:district, :account, :key, :fingerprint)
    ON CONFLICT DO NOTHING
""")
_SELECT = text("""
    SELECT fingerprint, status, body FROM idempotency_key
    WHERE district = :district AND account = :account AND key = :key
""")
_STORE = text("""
    UPDATE idempotency_key SET status = :status, body = :body
    WHERE district = :district AND account = :account AND key = :key
""")


async def once(
    connection: AsyncConnection, caller: Caller, request: Claim | None, work: Callable[[], Awaitable[Answer]]
) -> Answer:
    """Do ``work`` unless its key is known; then return the stored answer.

    Raises ProblemError 422 ``idempotency-key-reused`` where the key stands for another request. A refusal (an exception
    out of ``work``) rolls back and is not stored: the caller may mend the request and use the key again.
    """
    if request is None:
        return await work()
    key = {"district": caller.district, "account": str(caller.account_id), "key": request.key}
    fresh = await connection.execute(_INSERT, {**key, "fingerprint": request.fingerprint})
    if fresh.rowcount == 0:
        stored = (await connection.execute(_SELECT, key)).one()
        if stored.fingerprint != request.fingerprint:
            raise _key_reused()
        return Answer(stored.status, stored.body, replayed=True)
    answer = await work()
    await connection.execute(_STORE, {**key, "status": answer.status, "body": answer.body})
    return answer


async def idempotent(
    tx: AsyncConnection,
    caller: Caller,
    request: Claim | None,
    status: int,
    command: Callable[[], Awaitable[BaseModel]],
) -> Response:
    """Carry out a command and answer with ``status`` and its result; a request that is repeated gets the same answer.

    ``tx`` is the command's transaction: the key, the effects and the answer commit together. Raises what the command
    raises, and ProblemError 422 ``idempotency-key-reused``.
    """

    async def work() -> Answer:
        return Answer.of(status, await command())

    return (await once(tx, caller, request, work)).response()


# Key by key (LIMIT keeps it from being a join): while the table has no statistics, as in a service's first minutes, the
# plan of a join reads all keys of the district and compares each with each of the group's (ADR 0036).
_KNOWN = text("""
    SELECT k.account, k.key, k.fingerprint, k.status, k.body
    FROM unnest(CAST(:account AS text[]), CAST(:key AS text[])) AS c(account, key) CROSS JOIN LATERAL (
        SELECT account, key, fingerprint, status, body FROM idempotency_key
        WHERE district = :district AND account = c.account AND key = c.key LIMIT 1
    ) k
""")
_INSERT_ANSWERED = text("""
    INSERT INTO idempotency_key (district, account, key, fingerprint, status, body)
    SELECT :district, a.account, a.key, a.fingerprint, a.status, a.body
    FROM unnest(CAST(:account AS text[]), CAST(:key AS text[]), CAST(:fingerprint AS bytea[]), CAST(:status AS int[]),
                CAST(:body AS bytea[])) AS a(account, key, fingerprint, status, body)
    ORDER BY a.account, a.key
    ON CONFLICT DO NOTHING
""")


class KeyTakenMeanwhileError(Exception):
    """Another transaction has committed one of the keys since ``known_answers`` looked: look again."""


async def known_answers(
    connection: AsyncConnection, requests: Sequence[tuple[Caller, Claim | None]]
) -> list[Answer | ProblemError | None]:
    """Look up the keys of a group of requests of one district: ``once``, for many that are decided together.

    Return for each the answer stored under its key, the refusal where the key stands for another request, or None
    where the request is new (or has no key). Take no key twice into one group.
    """
    keyed = [(str(caller.account_id), claim) for caller, claim in requests if claim]
    if not keyed:
        return [None] * len(requests)
    rows = await connection.execute(
        _KNOWN,
        {
            "district": requests[0][0].district,
            "account": [account for account, _ in keyed],
            "key": [claim.key for _, claim in keyed],
        },
    )
    stored = {(row.account, row.key): row for row in rows}

    def answer(caller: Caller, claim: Claim | None) -> Answer | ProblemError | None:
        row = stored.get((str(caller.account_id), claim.key)) if claim else None
        if row is None or claim is None:
            return None
        if row.fingerprint != claim.fingerprint:
            return _key_reused()
        return Answer(row.status, row.body, replayed=True)

    return [answer(caller, claim) for caller, claim in requests]


async def store_answers(connection: AsyncConnection, answers: Sequence[tuple[Caller, Claim | None, Answer]]) -> None:
    """Store the answers that a group's keys stand for from now on, in the transaction of their effects.

    Raises KeyTakenMeanwhileError: the transaction must roll back, and the group be decided again.
    """
    keyed = [(str(caller.account_id), claim, answer) for caller, claim, answer in answers if claim]
    if not keyed:
        return
    stored = await connection.execute(
        _INSERT_ANSWERED,
        {
            "district": answers[0][0].district,
            "account": [account for account, _, _ in keyed],
            "key": [claim.key for _, claim, _ in keyed],
            "fingerprint": [claim.fingerprint for _, claim, _ in keyed],
            "status": [answer.status for _, _, answer in keyed],
            "body": [answer.body for _, _, answer in keyed],
        },
    )
    if stored.rowcount != len(keyed):
        raise KeyTakenMeanwhileError


def _key_reused() -> ProblemError:
    return ProblemError(422, "idempotency-key-reused", [Fault("Idempotency-Key", Code.NUMBER_TAKEN)])
