"""The bytes of an uploaded file as they come: a raw body, or the field ``file`` of a form.

Invariant: no more than a network packet of a body is in memory, and nothing of it goes to a disk.
"""

from collections.abc import AsyncIterator

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from shared.contracts.faults import Code, Fault, RefusedError

_FORM = b"multipart/form-data"
FIELD = b"file"


class Uploaded:
    """A request's file. ``name`` is known once its first bytes have come."""

    def __init__(self, request: Request) -> None:
        self.name = "upload"
        self._request = request
        self._kind, self._options = parse_options_header(request.headers.get("content-type", ""))
        self._header, self._headers = b"", dict[bytes, bytes]()
        self._value = b""
        self._is_file = self._was_there = self._is_complete = False
        self._pieces: list[bytes] = []

    async def content(self) -> AsyncIterator[bytes]:
        """Yield the file's bytes. Raises RefusedError where a form is malformed or holds no file."""
        if self._kind != _FORM:
            async for piece in self._request.stream():
                yield piece
            return
        parser = self._parser()
        async for piece in self._request.stream():
            try:
                parser.write(piece)
            except FormParserError:
                raise RefusedError(Fault("body", Code.FORMAT)) from None
            pieces, self._pieces = self._pieces, []
            for each in pieces:
                yield each
        if not self._is_complete:
            raise RefusedError(Fault("body", Code.FORMAT))
        if not self._was_there:
            raise RefusedError(Fault("file", Code.MISSING))

    def _parser(self) -> MultipartParser:
        boundary = self._options.get(b"boundary")
        if not boundary:
            raise RefusedError(Fault("body", Code.FORMAT))
        try:
            return MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": self._take_header,
                    "on_header_value": self._take_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._begin_content,
                    "on_part_data": self._take_content,
                    "on_end": self._complete,
                },
            )
        except FormParserError:
            raise RefusedError(Fault("body", Code.FORMAT)) from None

    def _begin_part(self) -> None:
        self._headers, self._is_file = {}, False

    def _take_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _take_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header = self._value = b""

    def _begin_content(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._is_file = options.get(b"name") == FIELD and b"filename" in options and not self._was_there
        if self._is_file:
            self._was_there = True
            self.name = options[b"filename"].decode(errors="replace") or "upload"

    def _take_content(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._pieces.append(data[start:end])

    def _complete(self) -> None:
        self._is_complete = True
