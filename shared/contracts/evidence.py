"""What file may be handed in as evidence: a document or a picture, of a size that a database bears.

Invariant: the type of a file is read from its content. What its sender calls it decides nothing.
"""

LARGEST_EVIDENCE = 5 * 1024 * 1024
"""In bytes."""
_BEGINNINGS = {b"%PDF-": "application/pdf", b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
ENDINGS = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}
"""Media type -> how a file's name ends."""


def media_type_of(content: bytes) -> str | None:
    """Return the media type of a file by how it begins, or None where it is of none that is taken."""
    return next((media_type for start, media_type in _BEGINNINGS.items() if content.startswith(start)), None)
