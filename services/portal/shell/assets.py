"""The files that pages load: one style sheet, the scripts, the sign of the site.

Invariant: a file's name holds the hash of its content, so browsers keep it for ever and never see a stale one.
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_STATIC = Path(__file__).parent / "static"
_STYLES = ("tokens", "base", "parts", "phone", "staff", "elder", "print")
"""In the order in which a later one may refine an earlier one."""
_SCRIPTS = {"htmx.js": "vendor/htmx.min.js", "linbang.js": "js/linbang.js", "offline.js": "js/offline.js"}
_PICTURES = {"icon.svg": "image/svg+xml"}
OFFLINE_FILES = ("linbang.css", "htmx.js", "linbang.js", "offline.js", "icon.svg")
"""What the page of an offline list loads, and a service worker keeps."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is served: its address, what it is, and its bytes as they are and packed."""

    path: str
    media_type: str
    content: bytes
    packed: bytes


class Assets:
    """Every file, by its plain name and by the name that it is served under."""

    def __init__(self, files: Mapping[str, tuple[str, bytes]]) -> None:
        self._by_name = {name: _asset(name, *file) for name, file in files.items()}
        self._by_path = {asset.path.rsplit("/", 1)[-1]: asset for asset in self._by_name.values()}

    def url(self, name: str) -> str:
        """Return the address of a file. Raises KeyError where there is none of that name."""
        return self._by_name[name].path

    def find(self, served_name: str) -> Asset | None:
        """Return the file that is served under a name, if any is."""
        return self._by_path.get(served_name)


def load() -> Assets:
    """Read every file. Raises FileNotFoundError where ``linbang assets`` has not fetched htmx yet."""
    styles = "\n".join((_STATIC / "css" / f"{name}.css").read_text(encoding="utf-8") for name in _STYLES)
    files = {"linbang.css": ("text/css; charset=utf-8", styles.encode())}
    files |= {
        name: ("text/javascript; charset=utf-8", (_STATIC / file).read_bytes()) for name, file in _SCRIPTS.items()
    }
    files |= {name: (kind, (_STATIC / name).read_bytes()) for name, kind in _PICTURES.items()}
    return Assets(files)


def worker_source() -> str:
    """Return the service worker's text, in which the server writes what it keeps (``portal/offline``)."""
    return (_STATIC / "sw.js").read_text(encoding="utf-8")


def _asset(name: str, media_type: str, content: bytes) -> Asset:
    digest = hashlib.sha256(content).hexdigest()[:12]
    stem, _, suffix = name.rpartition(".")
    return Asset(f"/assets/{stem}.{digest}.{suffix}", media_type, content, gzip.compress(content, 9, mtime=0))
