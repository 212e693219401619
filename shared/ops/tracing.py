"""Traces: the W3C trace context of the work at hand, and spans of it where somebody collects them.

Invariant: every event carries the context of the work that caused it, whether spans are collected or not. They are
where the environment names a collector (``OTEL_EXPORTER_OTLP_ENDPOINT``, OTLP over HTTP; the other standard variables
of OpenTelemetry hold too, so ``OTEL_TRACES_SAMPLER`` says which requests). Where it names none, there is no span
object, only the context's text: a check of it costs 1 to 2 µs, OpenTelemetry's own reading of it 20 times that.

A request's span is recorded as the sampler says; what follows from it (published, consumed) exactly if it was. No
attribute ever holds a path, a query, an id of a person or an exception's text.
"""

import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, TypeGuard

from opentelemetry.context import Context
from opentelemetry.trace import (
    INVALID_SPAN,
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    format_span_id,
    format_trace_id,
    set_span_in_context,
)

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor

FLUSH_SECONDS = 2.0
Attributes = Mapping[str, str | int]

_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


@dataclass(frozen=True)
class _Collecting:
    """How spans are made while somebody collects them."""

    processor: "SpanProcessor"
    sampled: Tracer
    """Makes the spans that begin a trace or continue a caller's, as the environment's sampler says."""
    followed: Tracer
    """Makes the spans of what follows from recorded work: all of them."""


_collecting: _Collecting | None = None


def configure(service: str) -> None:
    """Send spans to the collector that the environment names, if it names one."""
    global _collecting  # noqa: PLW0603 - tracing is the process's, as logging is
    endpoints = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or not any(map(os.environ.get, endpoints)):
        return
    # Loaded where they are used: a process that collects nothing has no need of an HTTP client.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    from opentelemetry.sdk.trace.sampling import ALWAYS_ON  # noqa: PLC0415

    resource = Resource.create({"service.name": f"linbang-{service}"})
    processor = BatchSpanProcessor(OTLPSpanExporter())
    providers = [
        TracerProvider(resource=resource, shutdown_on_exit=False),
        TracerProvider(sampler=ALWAYS_ON, resource=resource, shutdown_on_exit=False),
    ]
    for provider in providers:
        provider.add_span_processor(processor)
    _collecting = _Collecting(processor, *(provider.get_tracer("linbang") for provider in providers))


def shut_down() -> None:
    """Send what is left, for ``FLUSH_SECONDS`` at most, and stop collecting. Blocks."""
    global _collecting  # noqa: PLW0603
    if _collecting:
        # In a thread that may be left behind: with its collector away the exporter tries for longer than we have.
        sending = Thread(target=_collecting.processor.shutdown, daemon=True)
        _collecting = None
        sending.start()
        sending.join(FLUSH_SECONDS)


def current_traceparent() -> str | None:
    """Return the trace context of the work at hand, or None outside of any."""
    return _current.get()


def is_collecting() -> bool:
    """Return whether anybody collects spans."""
    return _collecting is not None


def continue_trace(traceparent: str | None) -> None:
    """Take over a caller's trace context, or begin one where it has none or sent something malformed.

    What begins here without a span is marked as not sampled: nobody collects it.
    """
    if not _is_valid(traceparent):
        traceparent = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"
    _current.set(traceparent)


def is_followed(traceparent: str | None) -> bool:
    """Return whether what follows from a context is to have spans: they are collected, and the context is sampled."""
    return _collecting is not None and _is_valid(traceparent) and bool(_flags(traceparent) & TraceFlags.SAMPLED)


@contextmanager
def request_span(traceparent: str | None, method: str) -> Iterator[Span]:
    """Be the server's side of a request, in the caller's trace where it sent one. Its route is known at the end."""
    if _collecting is None:
        continue_trace(traceparent)
        yield INVALID_SPAN
        return
    parent = _context(traceparent) if _is_valid(traceparent) else Context()
    span = _collecting.sampled.start_span(method, parent, SpanKind.SERVER, {"http.request.method": method})
    with _being(span):
        yield span


@contextmanager
def step_span(name: str) -> Iterator[None]:
    """Be a part of the work at hand."""
    span = start_span(name, SpanKind.INTERNAL, [_current.get()], {}, linked=False)
    if span is INVALID_SPAN:
        yield
        return
    with _being(span):
        yield


@contextmanager
def messages_span(
    name: str, kind: SpanKind, traceparents: Sequence[str | None], attributes: Attributes
) -> Iterator[None]:
    """Be the work on some messages: within the trace of a single one, else in a trace of its own, linked to theirs."""
    span = start_span(name, kind, traceparents, attributes)
    if span is INVALID_SPAN:
        continue_trace(traceparents[0] if len(traceparents) == 1 else None)
        yield
        return
    with _being(span):
        yield


def start_span(
    name: str, kind: SpanKind, causes: Sequence[str | None], attributes: Attributes, *, linked: bool = True
) -> Span:
    """Start the span of what follows from some contexts, to be ended by the caller: a single one's child, and linked.

    Return ``INVALID_SPAN`` where none of them is followed.
    """
    if _collecting is None:
        return INVALID_SPAN
    followed = [traceparent for traceparent in causes if traceparent is not None and is_followed(traceparent)]
    if not followed:
        return INVALID_SPAN
    parent = _context(followed[0]) if len(causes) == 1 else Context()
    links = [Link(_span_context(traceparent)) for traceparent in followed] if linked else ()
    return _collecting.followed.start_span(name, parent, kind, attributes, links)


def traceparent_of(span: Span) -> str:
    """Return a span's context as text."""
    context = span.get_span_context()
    return f"00-{format_trace_id(context.trace_id)}-{format_span_id(context.span_id)}-{context.trace_flags:02x}"


def fail(span: Span, error: BaseException) -> None:
    """Mark a span as failed, by the kind of error alone."""
    span.set_attribute("error.type", type(error).__name__)
    span.set_status(Status(StatusCode.ERROR))


@contextmanager
def _being(span: Span) -> Iterator[None]:
    """Let a span be the work at hand, and end it."""
    token = _current.set(traceparent_of(span))
    try:
        yield
    except BaseException as error:
        fail(span, error)
        raise
    finally:
        _current.reset(token)
        span.end()


def _is_valid(traceparent: str | None) -> TypeGuard[str]:
    return traceparent is not None and _TRACEPARENT.fullmatch(traceparent) is not None


def _flags(traceparent: str) -> TraceFlags:
    return TraceFlags(int(traceparent[-2:], 16))


def _span_context(traceparent: str) -> SpanContext:
    _, trace_id, span_id, _ = traceparent.split("-")
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=_flags(traceparent))


def _context(traceparent: str) -> Context:
    return set_span_in_context(NonRecordingSpan(_span_context(traceparent)), Context())
