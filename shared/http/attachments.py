"""Handing out what people have uploaded.

Invariant: it is a file to keep and nothing that a browser shows as a page of ours, whatever is in it, and nobody on the
way keeps a copy.
"""

from urllib.parse import quote

from fastapi import Response

from shared.contracts.evidence import ENDINGS


def handed_out(title: str, media_type: str, content: bytes) -> Response:
    """Return a document as an attachment under its title (RFC 6266), with the ending of its type."""
    name = quote(f"{title}{ENDINGS[media_type]}", safe="")
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return Response(content, 200, headers, media_type)
