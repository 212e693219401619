"""The lines of a file, whatever form the file has: cells by their place, not yet under a header."""

from collections.abc import Callable
from typing import IO, NamedTuple

from shared.contracts.faults import Fault

MAX_CELL = 4000
MAX_UNPACKED_BYTES = 256 * 1024 * 1024
FIRST_LINES = 20
"""Among which the header is looked for."""

Opener = Callable[[], IO[bytes]]
"""Opens a file from its start, as often as it has to be gone through."""


class Line(NamedTuple):
    """A line of text, or a row of a sheet, under the number that its program shows."""

    number: int
    cells: list[str]
    kinds: str = ""
    """Of a sheet: a letter a cell (``sheets.cells.Kind``)."""
    fault: Fault | None = None
    """What is wrong with the line as such; its cells are not to be trusted then."""
    span: int = 1
    """How many lines of text it takes: more where a quoted cell holds line breaks."""
