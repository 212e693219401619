"""Where local mode keeps things. Invariant: all of it is under `.local/` of the checkout, unless PostgreSQL cannot."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".local"
JARS = STATE / "jars"
