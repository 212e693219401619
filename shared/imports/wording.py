"""What is said of an imported file, and what is kept of its name.

Invariant: a column is called as the file's header calls it, in Chinese and in English; of a file's name only its ending
is kept, for people put names into it (case X5).
"""

import re
from collections.abc import Mapping

from shared.contracts.faults import Fault
from shared.contracts.fields import about

_ENDING = re.compile(r"(?:\.(?:csv|txt|tsv|xlsx|xlsm|xlsb|xls|ods|et))?(?:\.gz)?\Z", re.IGNORECASE | re.ASCII)
"""Of files that people send; any other could be a part of a name."""


def sentences(fault: Fault, headers: Mapping[str, str]) -> str:
    """Return why a line was rejected in Chinese and English; ``headers`` of a kind of file: header -> field."""
    chinese = {field: header for header, field in headers.items() if not header.isascii()}
    return f"{about(fault, 'zh-CN', chinese)} / {about(fault, 'en')}"


def kept_name(kind: str, file_name: str) -> str:
    """Return what a file of a kind goes by: the kind and the ending of its name, ``roster.csv.gz`` for one."""
    found = _ENDING.search(file_name)
    return kind + (found[0].lower() if found else "")
