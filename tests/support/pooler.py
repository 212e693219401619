"""A pooler that lends connections to PostgreSQL to transactions, as PgBouncer does with ``pool_mode = transaction``.

Each client logs in by a connection of its own, which then is anybody's: who asks next gets the one given back last.
(PgBouncer itself is in no package index of Python's: ``pgbouncer.py`` tries it where a machine has it.)
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from struct import pack, unpack

_SSL_REQUEST, _GSS_REQUEST = 80877103, 80877104
_ANSWERED = (3, 5, 10, 11)
"""Requests of the log-in that the client answers."""
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Pooler:
    """Listens on a port of its own; ``by_session`` it lends for as long as a client stays, which harms nobody."""

    def __init__(self, host: str, port: int, *, by_session: bool) -> None:
        self._target = (host, port)
        self._by_session = by_session
        self._idle: list[Stream] = []
        self._open: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            lent = await self._log_in(reader, writer)
            if not self._by_session:
                self._idle.append(lent)
            await self._pass(reader, writer, lent if self._by_session else None)
        writer.transport.abort()

    def close(self) -> None:
        for writer in self._open:
            writer.transport.abort()

    async def _log_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Stream:
        while True:
            (length,) = unpack("!i", await reader.readexactly(4))
            body = await reader.readexactly(length - 4)
            if unpack("!i", body[:4])[0] not in (_SSL_REQUEST, _GSS_REQUEST):
                break
            writer.write(b"N")
        back, there = await asyncio.open_connection(*self._target)
        self._open.add(there)
        there.write(pack("!i", length) + body)
        while True:
            kind, answer = await _message(back)
            writer.write(answer)
            if kind == b"R" and unpack("!i", answer[5:9])[0] in _ANSWERED:
                there.write((await _message(reader))[1])
            if kind == b"Z":
                return back, there

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lent: Stream | None) -> None:
        while True:
            kind, asked = await _message(reader)
            if kind == b"X":
                return
            back, there = lent = lent or self._idle.pop()
            there.write(asked)
            while kind in (b"Q", b"S"):
                answer_kind, answer = await _message(back)
                writer.write(answer)
                if answer_kind == b"Z":
                    if answer[5:] == b"I" and not self._by_session:
                        self._idle.append(lent)
                        lent = None
                    break


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readexactly(5)
    return head[:1], head + await reader.readexactly(unpack("!i", head[1:])[0] - 4)


@asynccontextmanager
async def pooled(host: str, port: int, *, by_session: bool = False) -> AsyncIterator[int]:
    """Give the port of an open pooler."""
    pooler = Pooler(host, port, by_session=by_session)
    server = await asyncio.start_server(pooler.serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        pooler.close()
