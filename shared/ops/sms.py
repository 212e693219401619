"""The port to text messages: a gateway over HTTP, or a file where there is none (local mode, tests).

Invariant: a text counts as refused only where the gateway has said that it never will take it.
"""

import asyncio
import json
import os
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol
from uuid import UUID

import httpx

_TOO_MANY, _TIMED_OUT = 429, 408
_SECONDS = 10.0


class Handed(StrEnum):
    """What came of handing a text over."""

    SENT = "sent"
    REFUSED = "refused"
    """The gateway never will take this one."""
    AWAY = "away"
    """Not now; again in a while."""


class Sms(Protocol):
    """What sends text messages."""

    async def send(self, text_id: UUID, to: str, content: str) -> Handed:
        """Send one text; the same id is the same text, however often it comes."""


class SmsFile:
    """Appends each text to a file, a line of JSON: what a phone would show."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def send(self, text_id: UUID, to: str, content: str) -> Handed:
        """Append one text."""
        line = {"id": str(text_id), "at": datetime.now(UTC).isoformat(), "to": to, "text": content}
        await asyncio.to_thread(self._append, json.dumps(line, ensure_ascii=False))
        return Handed.SENT

    def _append(self, line: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as file:
            file.write(f"{line}\n")


class SmsGateway:
    """POSTs ``{"id", "to", "text"}`` to a gateway with a bearer key; any 2xx is acceptance."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {key}"}

    async def send(self, text_id: UUID, to: str, content: str) -> Handed:
        """Hand one text over."""
        body = {"id": str(text_id), "to": to, "text": content}
        try:
            async with httpx.AsyncClient(timeout=_SECONDS) as client:
                answer = await client.post(self._url, json=body, headers=self._headers)
        except httpx.HTTPError:
            return Handed.AWAY
        if answer.is_success:
            return Handed.SENT
        ours_to_mend = answer.status_code in (401, 403, 404, _TIMED_OUT, _TOO_MANY)
        return Handed.AWAY if ours_to_mend or answer.is_server_error else Handed.REFUSED


class NoSms:
    """Where neither is configured, nothing can be sent; what is due is tried until it is too old."""

    async def send(self, text_id: UUID, to: str, content: str) -> Handed:  # noqa: ARG002 - as the others
        """Send nothing."""
        return Handed.AWAY


def sms_of(file: Path | None, gateway_url: str, gateway_key: str) -> Sms:
    """Return what sends text messages by a service's settings; the gateway goes before the file."""
    if gateway_url:
        return SmsGateway(gateway_url, gateway_key)
    return SmsFile(file) if file else NoSms()
