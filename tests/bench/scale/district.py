"""Invented districts: a district's folder under another code, or a share of it.

Invariant: of every file nothing changes but the district's code, where a cell (or an entry of a list in a cell) begins
with it; whoever served stays with what they did, so a share has the form of the whole.
"""

import csv
import gzip
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.demo.folder import FILES, Places, read_places

_INVENTED = "5199"
"""The prefecture of invented people, as the sample's ID numbers have it."""


@dataclass(frozen=True)
class Invented:
    """An invented district: its places as the demo takes them, and how much is in it."""

    places: Places
    volunteers: int
    records: int


def invent(folder: Path, number: int, share: float, directory: Path) -> Invented:
    """Write the ``number``-th invented district, from 1, made of a folder, into ``directory``."""
    source = read_places(folder, FILES)
    code = f"{_INVENTED}{number:02}"
    directory.mkdir(parents=True)
    pattern, counts = re.compile(rf"(^|[,;\n])(SR)?{source.district}"), {}
    people: set[str] = set()
    for kind in FILES:
        lines = _lines(source.files[kind])
        if kind == "volunteers":
            lines = _some_people(lines, share, people)
        elif kind == "service_records":
            lines = _of_people(lines, people)
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        counts[kind] = sum(1 for line in lines if writer.writerow(line)) - 1
        recoded = pattern.sub(rf"\g<1>\g<2>{code}", text.getvalue())
        (directory / f"{kind}.csv").write_text(recoded.replace(f",{source.district[:4]}\n", f",{_INVENTED}\n"))
    places = read_places(directory, FILES)
    return Invented(places, counts["volunteers"], counts["service_records"])


def _lines(file: Path) -> Iterator[list[str]]:
    packed = file.suffix == ".gz"
    with gzip.open(file, "rt", encoding="utf-8") if packed else file.open(encoding="utf-8") as text:
        yield from csv.reader(text)


def _some_people(lines: Iterator[list[str]], share: float, people: set[str]) -> Iterator[list[str]]:
    """Give the header and every so-manieth line, and note their numbers, which are in the first column."""
    yield next(lines)
    for place, line in enumerate(lines):
        if int((place + 1) * share) > int(place * share):
            people.add(line[0])
            yield line


def _of_people(lines: Iterator[list[str]], people: set[str]) -> Iterator[list[str]]:
    header = next(lines)
    yield header
    number = header.index("volunteer_no")
    yield from (line for line in lines if line[number] in people)
