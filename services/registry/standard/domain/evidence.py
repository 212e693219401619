"""What may be shown as evidence: a document or a picture, of a size that the database bears.

Invariant: the type of a file is read from its content. What its sender calls it decides nothing.
"""

from shared.contracts.faults import Code, Fault, RefusedError

MOST_BYTES = 5 * 1024 * 1024
MOST_FILES = 20
"""Of one criterion of a station."""
TITLE_LENGTH = 60
_BEGINNINGS = {
    b"%PDF-": ("application/pdf", ".pdf"),
    b"\xff\xd8\xff": ("image/jpeg", ".jpg"),
    b"\x89PNG\r\n\x1a\n": ("image/png", ".png"),
}
ENDINGS = dict(_BEGINNINGS.values())
"""Media type -> how a file's name ends."""


def media_type_of(content: bytes) -> str:
    """Return the media type of a file. Raises RefusedError: ``missing``, ``too_large``, ``not_evidence``."""
    if not content:
        raise RefusedError(Fault("file", Code.MISSING))
    if len(content) > MOST_BYTES:
        raise RefusedError(Fault("file", Code.TOO_LARGE))
    for beginning, (media_type, _) in _BEGINNINGS.items():
        if content.startswith(beginning):
            return media_type
    raise RefusedError(Fault("file", Code.NOT_EVIDENCE))
