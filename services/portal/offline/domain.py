"""The service worker of the offline list as it is served, and the file that a page of it saves.

Invariant: another file, another text, another version of the worker. Of a saved file only what the device has signed is
taken; what stands beside it is for people to read.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic import BaseModel, Field, ValidationError

_VERSION, _FILES = '"{version}"', '"{files}"'
"""What stands in ``sw.js`` where the server writes."""
LARGEST_FILE = 2 * 1024 * 1024
"""Of a saved file, in bytes: some three thousand entries."""
A_BATCH = 200
"""So many entries are brought to activities at once."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker's text, and its version: the hash of the list of files that it keeps."""

    version: str
    text: str


def worker_of(source: str, files: Sequence[str]) -> Worker:
    """Return the worker that keeps these files, by their addresses, which hold the hashes of their contents."""
    listed = json.dumps(list(files))
    version = hashlib.sha256(listed.encode()).hexdigest()[:12]
    return Worker(version, source.replace(_VERSION, json.dumps(version)).replace(_FILES, listed))


class SavedEntry(BaseModel):
    """An entry in a saved file; ``kind`` is what it says beside the signature."""

    signed: str = Field(max_length=5000)
    kind: str = ""

    @property
    def is_of_somebody(self) -> bool:
        """Whether it says that somebody came or went, and not how the device's clock was read."""
        return self.kind in ("check_in", "check_out")


class SavedFile(BaseModel):
    """What a device has noted for a shift, as its page saves it."""

    shift_id: UUID
    device_id: UUID
    entries: list[SavedEntry] = Field(max_length=5000)

    def batches(self) -> Iterator[list[str]]:
        """Give what the device has signed, in the order of its chain, as many at once as are brought."""
        for first in range(0, len(self.entries), A_BATCH):
            yield [entry.signed for entry in self.entries[first : first + A_BATCH]]


def read_file(content: bytes) -> SavedFile | None:
    """Return what a file says; None where it is none that a page has saved."""
    try:
        return SavedFile.model_validate_json(content)
    except ValidationError:
        return None
