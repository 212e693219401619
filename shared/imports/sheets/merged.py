"""Merged cells: what lies under one is shown by its first cell alone."""

from collections.abc import Iterable
from typing import NamedTuple

from shared.imports.sheets.cells import BLANK, COVERED, MAX_COLUMNS, Cell


class Area(NamedTuple):
    """A merged area. Rows count from 1, columns from 0, both ends belong to it."""

    top: int
    left: int
    bottom: int
    right: int


class Merged:
    """The merged areas of a sheet; rows ask in their order."""

    def __init__(self, areas: Iterable[Area]) -> None:
        self._to_come = sorted((area for area in areas if area[:2] != area[2:]), reverse=True)
        self._here: list[Area] = []

    def cover(self, row: int, cells: list[Cell]) -> None:
        """Mark the cells of a row that lie under a merged one."""
        while self._to_come and self._to_come[-1].top <= row:
            self._here.append(self._to_come.pop())
        if not self._here:
            return
        self._here = [area for area in self._here if area.bottom >= row]
        for area in self._here:
            first = area.left + (area.top == row)
            last = min(area.right, MAX_COLUMNS - 1)
            if len(cells) <= last and first <= last:
                cells.extend([BLANK] * (last + 1 - len(cells)))
            cells[first : last + 1] = [COVERED] * (last + 1 - first)
