"""The service worker of the offline list as it is served. Invariant: another file, another text, another version."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

_VERSION, _FILES = '"{version}"', '"{files}"'
"""What stands in ``sw.js`` where the server writes."""


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
