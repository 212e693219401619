"""Where local mode keeps things.

Invariant: all of it is under `.local/` of the checkout, or under `LINBANG_STATE` (a second system beside the first,
with other ports), unless PostgreSQL's account cannot get there (`deploy/local/postgres.py`). Downloads are shared.
"""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATE = Path(os.environ.get("LINBANG_STATE", ROOT / ".local")).absolute()
JARS = ROOT / ".local" / "jars"
