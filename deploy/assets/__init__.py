"""Browser code that others wrote, out of WebJars: fetched by jgo under a lock with SHA-256, never committed.

Invariant: a file is where the portal serves it from, or the call has raised; the jar that it is of has the locked hash.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

from deploy.local import jars
from deploy.local.paths import ROOT

HERE = Path(__file__).parent
VENDOR = ROOT / "services" / "portal" / "shell" / "static" / "vendor"
FILES = {"META-INF/resources/webjars/htmx.org/2.0.10/dist/htmx.min.js": "htmx.min.js"}
"""What is taken out of the jars -> the name that the portal knows it by."""


def unpack() -> None:
    """Put every file of the lock where the portal serves it from. Raises LocalError where a jar cannot be had."""
    found: dict[str, bytes] = {}
    for jar in jars.jars(HERE):
        with zipfile.ZipFile(jar) as archive:
            found |= {FILES[name]: archive.read(name) for name in archive.namelist() if name in FILES}
    VENDOR.mkdir(parents=True, exist_ok=True)
    for name in FILES.values():
        place = VENDOR / name
        if not place.exists() or place.read_bytes() != found[name]:
            new = place.with_suffix(".new")
            new.write_bytes(found[name])
            new.replace(place)


def write_lock() -> None:
    """Resolve the WebJars anew and write the lock file."""
    jars.write_lock(HERE)
