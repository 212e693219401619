"""The W3C trace context of the work at hand, carried from a request or an event into every event it causes."""

import re
import secrets
from contextvars import ContextVar

_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


def current_traceparent() -> str | None:
    """Return the trace context of the work at hand, or None outside of any."""
    return _current.get()


def continue_trace(traceparent: str | None) -> str:
    """Take over a caller's trace context, or begin one where it has none or sent something malformed."""
    if traceparent is None or not _TRACEPARENT.fullmatch(traceparent):
        traceparent = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
    _current.set(traceparent)
    return traceparent
