"""The alert rules in a shorter time: every duration and every number of seconds divided by one factor.

They are the very files of deploy/prometheus/rules, so what fires here is what fires there.
"""

import re
from pathlib import Path

from tests.support.promtool import RULES

_MILLISECONDS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_RANGE_OR_FOR = re.compile(r"(\[|\bfor: )(\d+)([smhd])\b")
_SECONDS = re.compile(r"\b(\d+)( # s)$", re.MULTILINE)


def write_shortened_rules(folder: Path, factor: int) -> None:
    """Write each rule file into ``folder``, with time running ``factor`` times as fast."""
    folder.mkdir()
    for file in RULES:
        (folder / file.name).write_text(shortened(file.read_text(), factor))


def shortened(rules: str, factor: int) -> str:
    shorter = _RANGE_OR_FOR.sub(lambda found: f"{found[1]}{int(found[2]) * _MILLISECONDS[found[3]] // factor}ms", rules)
    return _SECONDS.sub(lambda found: f"{int(found[1]) / factor:g}{found[2]}", shorter)
