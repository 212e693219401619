"""What may be shown as evidence of a criterion."""

from shared.contracts.evidence import LARGEST_EVIDENCE, media_type_of
from shared.contracts.faults import Code, Fault, RefusedError

MOST_FILES = 20
"""Of one criterion of a station."""
TITLE_LENGTH = 60


def checked_type(content: bytes) -> str:
    """Return the media type of a file. Raises RefusedError: ``missing``, ``too_large``, ``not_evidence``."""
    if not content:
        raise RefusedError(Fault("file", Code.MISSING))
    if len(content) > LARGEST_EVIDENCE:
        raise RefusedError(Fault("file", Code.TOO_LARGE))
    media_type = media_type_of(content)
    if media_type is None:
        raise RefusedError(Fault("file", Code.NOT_EVIDENCE))
    return media_type
